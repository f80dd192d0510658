# SPDX-License-Identifier: Apache-2.0
"""clang-format has nothing to change."""
import re

from source import files
from tools import in_parallel, need

COMPLAINT = re.compile(r"^(.+?):(\d+):\d+: error: (.*)$", re.MULTILINE)


def check(root):
    tool = need("clang-format")
    sources = files(root, ("lib", "cmd", "tests", "contrib"), (".h", ".cc", ".c"))
    commands = [
        [tool, "--style=file", "--fallback-style=none", "--dry-run", "-Werror"] + [s.path for s in part]
        for part in (sources[i : i + 20] for i in range(0, len(sources), 20))
    ]
    found = []
    for output, status in in_parallel(commands, cwd=root):
        places = sorted({(m[0], int(m[1])) for m in COMPLAINT.findall(output)})
        found += [f"{path}:{line}: clang-format differs" for path, line in places]
        if status and not places:
            found.append(f"clang-format: {output.strip()}")
    return found


_STYLE = (".clang-format", "BasedOnStyle: Google\nIndentWidth: 4\n")
BAD = [[_STYLE, ("lib/a.cc", "int  x ;\n")]]
GOOD = [[_STYLE, ("lib/a.cc", "int x;\n")]]
