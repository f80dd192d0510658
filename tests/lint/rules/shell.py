# SPDX-License-Identifier: Apache-2.0
"""shellcheck finds nothing in the shell scripts and the bats files."""
import re

from source import files
from tools import in_parallel, need

SHELL = re.compile(r"^#!.*\b(ba|da)?sh\b|^#!.*\bbats\b")


def check(root):
    tool = need("shellcheck")
    paths = [s.path for s in files(root)
             if SHELL.match(s.text) or s.path.endswith((".sh", ".bash", ".bats"))]
    commands = [[tool, "-x", "-P", "SCRIPTDIR", "-S", "warning", "-f", "gcc", path] for path in paths]
    found = []
    for output, _ in in_parallel(commands, cwd=root):
        found += [line for line in output.splitlines() if line.strip()]
    return found


BAD = [("contrib/a.sh", '#!/bin/sh\ncd $1\nread x\necho "$y"\n')]
GOOD = [("contrib/a.sh", '#!/bin/sh\necho "$1"\n')]
