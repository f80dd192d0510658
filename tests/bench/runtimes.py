# SPDX-License-Identifier: Apache-2.0
"""OCI runtimes by themselves, without an engine: the same bundles for each of them."""
import glob
import json
import os
import shutil
import subprocess

from contenders import IMAGE, SLEEPER, answers
from measure import Failed, check, interleaved, median, plain_cost

SEEN_BY_TIME = "Maximum resident set size (kbytes):"


class Runtime:
    """One runtime and its state folder. Bundles: true, sleep, filtered (true, under a seccomp filter)."""

    def __init__(self, name, prefix, program, folder):
        self.name = name
        self.prefix = list(prefix)
        self.program = program
        self.folder = folder

    def there(self):
        return answers([*self.prefix, self.program, "--version"])

    def __call__(self, *arguments):
        return [self.program, "--root", f"{self.folder}/state-{self.name}", *arguments]

    def run(self, bundle):
        return [*self.prefix, *self("run", "--bundle", f"{self.folder}/{bundle}", f"bench-{self.name}")]

    def life(self):
        """create, start and delete --force of a container that would stay."""
        name = f"bench-{self.name}"
        steps = (self("create", "--bundle", f"{self.folder}/sleep", name), self("start", name),
                 self("delete", "--force", name))
        return [*self.prefix, "sh", "-c", " && ".join(" ".join(step) for step in steps)]

    def peak(self):
        """kB that the largest of its processes had, the program (the same for all of them) included."""
        argv = [*self.prefix, "busybox", "time", "-v", *self.run("true")[len(self.prefix):]]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        for line in done.stderr.decode().splitlines():
            if line.strip().startswith(SEEN_BY_TIME):
                return int(line.split(":")[-1])
        raise Failed(f"{' '.join(argv)}: {done.stderr.decode()[-400:]}")


def present(prefix, folder):
    known = [Runtime("dhow", prefix, f"{folder}/dhow-runtime", folder)]
    known += [Runtime(name, prefix, name, folder) for name in ("crun", "runc")]
    # Who answers and cannot run a bundle here (crun refuses machines with both versions of cgroups) is left out.
    return [runtime for runtime in known
            if runtime.name == "dhow" or runtime.there() and answers(runtime.run("true"))]


def filter_of(engine, run):
    """linux.seccomp as dhow gives it to a container that asks for nothing."""
    engine.start_sleeper()
    try:
        (config,) = glob.glob(f"{run}/**/config.json", recursive=True)
        with open(config) as file:
            return json.load(file)["linux"]["seccomp"]
    finally:
        check(engine("rm", "-f", "-t", "0", SLEEPER))
        check(engine("rmi", "-f", IMAGE))


def make_bundles(scratch, bin_dir, from_support, seccomp):
    """A folder with the three bundles, and the runtime of this build, to copy to where the peers are."""
    top = f"{scratch}/runtimes"
    for bundle, args in (("true", ["true"]), ("sleep", ["sleep", "1000"]), ("filtered", ["true"])):
        folder = f"{top}/{bundle}"
        os.makedirs(f"{folder}/rootfs")
        from_support(f'busybox_root "{folder}/rootfs"')
        check([f"{bin_dir}/dhow-runtime", "spec", "--bundle", folder])
        with open(f"{folder}/config.json") as config:
            spec = json.load(config)
        spec["ociVersion"] = "1.0.2"  # that runtimes of every age know
        spec["process"].update(terminal=False, args=args)
        if bundle == "filtered":
            spec["linux"]["seccomp"] = seccomp
        with open(f"{folder}/config.json", "w") as config:
            json.dump(spec, config)
    shutil.copy(f"{bin_dir}/dhow-runtime", f"{top}/dhow-runtime")
    return top


def timed(command):
    def measured(runtimes, rounds):
        prefix = runtimes[0].prefix
        taken = interleaved({runtime.name: command(runtime) for runtime in runtimes}, rounds)
        cost = 0
        if prefix:
            cost = median(interleaved({"prefix": [*prefix, "true"]}, rounds)["prefix"]) - plain_cost(rounds)
        return {name: median(values) - cost for name, values in taken.items()}
    return measured


def peaks(runtimes, rounds):
    return {runtime.name: median([runtime.peak() for _ in range(min(rounds, 5))]) for runtime in runtimes}


# number -> work, bar, unit, function from (runtimes, rounds) to name -> figure
ROWS = {
    "P8": ("run of a bundle", "<= crun", "ms", timed(lambda runtime: runtime.run("true"))),
    "P8b": ("create, start, delete --force", "<= crun", "ms", timed(Runtime.life)),
    "P8c": ("run under the default filter", "<= crun", "ms", timed(lambda runtime: runtime.run("filtered"))),
    "P8d": ("peak memory of a run", "<= crun", "kB", peaks),
}
