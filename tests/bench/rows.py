# SPDX-License-Identifier: Apache-2.0
"""What is measured, and how dhow must compare. Each row has the number it is known by, the work, the
bar, and a function from an engine to the command to time."""
from collections import namedtuple

from contenders import IMAGE, SLEEPER

Row = namedtuple("Row", "number work bar user command prepare")


def rootless(number, work, bar, command, prepare=None):
    return Row(number, work, bar, "rootless", command, prepare)


def as_root(number, work, bar, command, prepare=None):
    return Row(number, work, bar, "root", command, prepare)


def run_with(*flags):
    return lambda engine: engine.run("--rm", *flags, IMAGE, "true")


ENGINE_ROWS = [
    rootless("P1", "run --rm --network none true", "<= 12 ms, >= 5x podman", run_with("--network", "none")),
    rootless("P2", "run --rm true, default network", "<= 10 ms, >= 7x podman", run_with()),
    as_root("P3", "run --rm true, bridge", "<= 10 ms, >= 15x both", run_with("--network", "bridge")),
    as_root("P4", "run --rm --network none true", "<= 6 ms", run_with("--network", "none")),
    rootless("P5", "exec CTR true", "<= 8 ms", lambda engine: engine("exec", SLEEPER, "true")),
    rootless("P6", "ps", "<= 4 ms", lambda engine: engine("ps")),
    rootless("P6b", "inspect CTR", "<= 4 ms", lambda engine: engine("inspect", SLEEPER)),
    rootless("P7", "create", "<= 4 ms", lambda engine: engine("create", "--network", "none", IMAGE, "true")),
]
