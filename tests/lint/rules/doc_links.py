# SPDX-License-Identifier: Apache-2.0
"""Files and folders named in the top documents exist: `lib/engine/start.cc`, [text](HACKING.md)."""
import re
from pathlib import Path

DOCUMENTS = ("README.md", "ARCHITECTURE.md", "HACKING.md", "SECURITY.md", "contrib/adr/*.md", "tests/bench/*.md")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
NAMED = re.compile(r"`((?:lib|cmd|tests|contrib|systemd|cmake|\.ci)/[\w./{},-]*[\w/}])`")


def expand(path):
    """lib/a.{h,cc} -> lib/a.h, lib/a.cc"""
    braces = re.search(r"\{([^{}]*)\}", path)
    if not braces:
        return [path]
    return [p for choice in braces.group(1).split(",")
            for p in expand(path[: braces.start()] + choice + path[braces.end():])]


def check(root):
    found = []
    top = Path(root)
    for document in sorted(d for pattern in DOCUMENTS for d in top.glob(pattern)):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            wanted = [(top, p) for named in NAMED.findall(line) for p in expand(named)]
            wanted += [(document.parent, p) for p in LINK.findall(line)]
            found += [f"{document.relative_to(top)}:{number}: no such file: {p}"
                      for base, p in wanted if not (base / p).exists()]
    return found


BAD = [
    ("ARCHITECTURE.md", "see `lib/engine/nothing.cc`\n"),
    ("README.md", "see [that](docs/no.md)\n"),
    [("ARCHITECTURE.md", "`lib/a.{h,cc}`\n"), ("lib/a.h", "\n")],
]
GOOD = [
    [("ARCHITECTURE.md", "`lib/a.{h,cc}` in `lib/`, `lib/engine`\n"), ("lib/a.h", "\n"), ("lib/a.cc", "\n"),
     ("lib/engine/x", "\n")],
    ("README.md", "[x](https://example.org/y) [z](#z)\n"),
]
