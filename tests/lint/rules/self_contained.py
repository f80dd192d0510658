# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, first in its file. Compiled through ccache, so that an unchanged header
costs a few milliseconds.
"""
import shutil
from pathlib import Path

from source import files
from tools import in_parallel, need, work_folder


def check(root):
    compiler = [need("g++")]
    if shutil.which("ccache"):
        compiler.insert(0, "ccache")
    top = Path(root).resolve()
    commands, headers = [], []
    with work_folder("self_contained") as work:
        for source in files(root, ("lib", "cmd"), (".h",)):
            include = source.path.removeprefix("lib/")
            unit = Path(work) / (source.path.replace("/", "_") + ".cc")
            text = f'#include "{include}"\n#include "{include}"\n'
            if not unit.exists() or unit.read_text() != text:
                unit.write_text(text)
            headers.append(source.path)
            commands.append(compiler + ["-std=c++20", "-D_GNU_SOURCE", '-DDHOW_VERSION="0"', "-O0", f"-I{top / 'lib'}",
                                        f"-I{top}", "-c", str(unit), "-o", str(unit.with_suffix(".o"))])
        found = []
        for header, (output, status) in zip(headers, in_parallel(commands, cwd=work)):
            if status:
                first = next((l for l in output.splitlines() if "error:" in l), output.strip())
                found.append(f"{header}:1: does not compile alone: {first}")
    return found


BAD = [("lib/a/a.h", "std::string f();\n"), ("lib/a/b.h", "struct Twice {};\n")]
GOOD = [("lib/a/a.h", "#pragma once\n#include <string>\nstd::string f();\n")]
