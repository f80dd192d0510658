# SPDX-License-Identifier: Apache-2.0
"""What each file must look like from outside: licence line, size, include guard, an opening comment,
an ending newline, no tabs. Large files are where projects of this kind grew unreadable.
"""
import re

from source import CXX, files

MAX_SOURCE = 500
MAX_HEADER = 150
SPDX = "SPDX-License-Identifier: Apache-2.0"


def check_cxx(source):
    lines = source.lines
    header = source.path.endswith(".h")
    limit = MAX_HEADER if header else MAX_SOURCE
    if len(lines) > limit:
        yield 1, f"{len(lines)} lines; split it by facility or verb (limit {limit})"
    if header and "#pragma once" not in lines[:20]:
        yield 1, "header without '#pragma once' near its top"
    if header and (len(lines) < 2 or not lines[1].startswith("//")):
        yield 2, "header does not open with what it is"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "tab"


def check(root):
    found = []
    for source in files(root):
        name = source.path.rsplit("/", 1)[-1]
        is_cxx = source.path.endswith(CXX)
        is_script = source.text.startswith("#!") or re.search(r"\.(sh|bash|bats|py)$", name)
        if (is_cxx or is_script) and source.text.strip() and SPDX not in "\n".join(source.lines[:2]):
            found.append(f"{source.path}:1: no '{SPDX}' in the first two lines")
        if source.text and not source.text.endswith("\n"):
            found.append(f"{source.path}:{len(source.lines)}: no newline at the end")
        if is_cxx:
            found += [f"{source.path}:{n}: {what}" for n, what in check_cxx(source)]
    return found


_HEAD = f"// {SPDX}\n"
BAD = [
    ("lib/a.cc", "int x;\n"),
    ("contrib/x", "#!/bin/sh\necho\n"),
    ("lib/a.cc", _HEAD + "int x;"),
    ("lib/a.cc", _HEAD + "int x;\n" * MAX_SOURCE),
    ("lib/a.h", _HEAD + "// What.\n#pragma once\n" + "int x;\n" * MAX_HEADER),
    ("lib/a.h", _HEAD + "// What.\nint x;\n"),
    ("lib/a.h", _HEAD + "#pragma once\nint x;\n"),
    ("lib/a.cc", _HEAD + "\tint x;\n"),
]
GOOD = [
    ("lib/a.cc", _HEAD + "int x;\n"),
    ("lib/a.h", _HEAD + "// What it is.\n#pragma once\nint x;\n"),
    ("contrib/x", f"#!/bin/sh\n# {SPDX}\necho\n"),
]
