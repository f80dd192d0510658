# SPDX-License-Identifier: Apache-2.0
"""Words that mark work left half done, and text that belongs to one machine."""
import re
from pathlib import Path

from source import files

WORDS = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|TBD|WIP|unimplemented|not implemented|placeholders?|stub(bed|s)?|"
    r"for now|dummy implementation)\b", re.IGNORECASE)


def check(root):
    found = []
    here = str(Path(root).resolve())
    for source in files(root):
        if source.path.startswith("tests/lint/"):
            continue
        for number, line in enumerate(source.lines, 1):
            word = WORDS.search(line)
            if word:
                found.append(f"{source.path}:{number}: '{word.group(0)}' marks unfinished work")
            if here != "/" and here + "/" in line:
                found.append(f"{source.path}:{number}: a path of this machine")
    return found


BAD = [(f"lib/a.cc", f"// {w}\n") for w in (
    "TODO: x", "FIXME", "XXX", "not implemented", "a stub", "placeholder", "good enough for now")]
GOOD = [
    ("lib/a.cc", "// mkstemp template XXXXXX; the stubborn case is over; before now\n"),
    ("tests/lint/rules/a.py", "# TODO\n"),
]
