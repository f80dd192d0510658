# SPDX-License-Identifier: Apache-2.0
"""What every lint rule reads: the files of the tree, and C++ text with comments and strings blanked.

Positions survive blanking, so a finding's line number is the line of the file.
"""
import os
import re
from pathlib import Path

ROOTS = ("lib", "cmd", "tests", "contrib", "systemd", "cmake", ".ci")
CXX = (".h", ".cc", ".c")


class Source:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")

    @property
    def lines(self):
        return self.text.splitlines()

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


def files(root, folders=ROOTS, suffixes=None):
    """Every regular text file below the given folders, sorted, build trees and test data left out."""
    root = Path(root)
    found = []
    for folder in folders:
        for directory, names, entries in os.walk(root / folder):
            names[:] = sorted(n for n in names if n not in ("data", "corpus", "__pycache__"))
            for entry in sorted(entries):
                path = Path(directory) / entry
                if suffixes and path.suffix not in suffixes:
                    continue
                if path.is_symlink() or b"\0" in path.read_bytes()[:4096]:
                    continue
                found.append(Source(root, path))
    return found


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def code_only(text):
    """C++ text with comments and the insides of literals replaced by spaces."""
    return _TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(source):
    """(line, quoted?, header) of each #include."""
    return [
        (source.line_of(m.start()), m.group(1) == '"', m.group(2))
        for m in _INCLUDE.finditer(source.text)
    ]
