# SPDX-License-Identifier: Apache-2.0
"""Running outside tools for the rules that need them, as many at a time as there are processors."""
import contextlib
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


class Skip(Exception):
    """The rule cannot be checked here; the message says why."""


def need(program):
    found = shutil.which(program)
    if not found:
        raise Skip(f"{program} is not installed")
    return found


def in_parallel(commands, cwd):
    """(stdout and stderr, exit status) of each command, in the order given."""

    def one(command):
        done = subprocess.run(command, cwd=cwd, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout, done.returncode

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, commands))


@contextlib.contextmanager
def work_folder(name):
    """A folder that lasts between runs when LINT_WORK names its parent, else a temporary one."""
    parent = os.environ.get("LINT_WORK")
    if parent:
        folder = Path(parent) / name
        folder.mkdir(parents=True, exist_ok=True)
        yield str(folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield folder
