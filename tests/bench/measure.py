# SPDX-License-Identifier: Apache-2.0
"""Times whole processes, one contender after the other in every round, so that a machine whose
speed drifts is as slow for each of them."""
import os
import subprocess
import time

ROUNDS_NOT_COUNTED = 2


class Failed(Exception):
    pass


def check(argv, **options):
    """Runs argv, returns its stdout as text; Failed with its stderr otherwise."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip()[-400:]}")
    return done.stdout.decode(errors="replace")


def once(argv):
    """Wall time of one run, in milliseconds. vfork and exec, nothing else of ours in it."""
    null = os.open(os.devnull, os.O_RDWR)
    files = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    begun = time.perf_counter_ns()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
    status = os.waitpid(pid, 0)[1]
    ended = time.perf_counter_ns()
    os.close(null)
    if status != 0:
        check(argv)
        raise Failed(f"{' '.join(argv)}: failed now and then")
    return (ended - begun) / 1e6


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def interleaved(commands, rounds):
    """commands: name -> argv. Returns name -> list of milliseconds. Each runs twice in a row and the second run counts:
    the kernel clears up after a command (filters, control groups) while the next one runs, so each pays for its own."""
    taken = {name: [] for name in commands}
    for number in range(-ROUNDS_NOT_COUNTED, rounds):
        for name, argv in commands.items():
            once(argv)
            spent = once(argv)
            if number >= 0:
                taken[name].append(spent)
    return taken


def plain_cost(rounds):
    """Milliseconds of a process that does nothing."""
    return median(interleaved({"true": ["true"]}, rounds)["true"])


def proportional_set_size(pid):
    """kB of memory that would be free again without this process (proc(5), smaps_rollup)."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    raise Failed(f"process {pid} has no Pss")
