# SPDX-License-Identifier: Apache-2.0
"""Who is measured: dhow as built here, and the engines and runtimes that this machine has. Peers in a
chroot or another namespace are reached through a prefix, whose own cost is measured and subtracted."""
import os
import time

from measure import Failed, check

IMAGE = "localhost/busybox:latest"
SLEEPER = "bench-sleeper"


def answers(argv):
    try:
        check(argv)
        return True
    except (Failed, OSError):
        return False


class Engine:
    """One command line with run, exec, ps, inspect, create, rm."""

    def __init__(self, name, prefix, program, *, run_flags=()):
        self.name = name
        self.prefix = list(prefix)
        self.program = list(program)
        self.run_flags = list(run_flags)

    def __call__(self, *arguments):
        return [*self.prefix, *self.program, *arguments]

    def run(self, *arguments):
        return self("run", *self.run_flags, *arguments)

    def there(self):
        """Its program is here, and what it needs to be running runs."""
        return answers(self("ps"))

    def load(self, archive):
        with open(archive, "rb") as image:
            check(self("load"), stdin=image)

    def start_sleeper(self):
        check(self.run("-d", "--name", SLEEPER, "--network", "none", IMAGE, "sleep", "100000"))

    def clear(self):
        for arguments in (("rm", "-f", "-t", "0", SLEEPER), ("rmi", "-f", IMAGE)):
            try:
                check(self(*arguments))
            except Failed:
                pass

    def supervisor(self):
        """pid of the process that keeps the sleeper, as this process sees it."""
        inside = check(self("inspect", "--format", "{{.State.Pid}}", SLEEPER)).strip()
        with open(f"/proc/{inside}/stat") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[1])


def become(user):
    """A prefix that turns root into `user` with an environment of its own."""
    home = os.path.expanduser(f"~{user}")
    return ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "env", "-i", f"HOME={home}",
            f"USER={user}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]


def dhow_for(user, bin_dir, state, run):
    """dhow with a state folder of its own, and a run folder on tmpfs as everywhere: as root when user is None."""
    flags = ["--root", f"{state}/root", "--runroot", f"{run}/run"]
    prefix = [] if user is None else become(user)
    return Engine("dhow", prefix, [f"{bin_dir}/dhow", *flags])


def podman(prefix):
    # Neither a pids nor a memory controller is sure to be there; a limit nobody asked for must not
    # decide whether it can be measured.
    return Engine("podman", prefix, ["podman"], run_flags=["--pids-limit", "0"])


def docker(prefix):
    return Engine("docker", prefix, ["docker"])


def place(prefix, folder, archive_of):
    """Copies the local folder `archive_of` to `folder` where the prefix leads."""
    check([*prefix, "mkdir", "-p", folder])
    packed = f"{archive_of}.tar"
    check(["tar", "-C", archive_of, "-cf", packed, "."])
    with open(packed, "rb") as tar:
        check([*prefix, "tar", "-C", folder, "-xf", "-"], stdin=tar)
    os.unlink(packed)


def settle():
    """Lets a supervisor that has just begun finish what it does once."""
    time.sleep(2)
