# SPDX-License-Identifier: Apache-2.0
"""clang-tidy finds nothing. A file is looked at again only when it, a project header it reaches, the
rules or its compile command changed: a clean verdict is remembered in the build folder.
"""
import hashlib
import json
import os
import re
from pathlib import Path

from source import includes, Source
from tools import Skip, in_parallel, need, work_folder

FINDING = re.compile(r"^\S+?:\d+:\d+: (?:warning|error): .*\[[\w.,-]+\]$", re.MULTILINE)


def reached(root, path, seen):
    """Project files that `path` includes, itself first."""
    if path in seen:
        return seen
    seen[path] = path.read_bytes()
    for _, quoted, header in includes(Source(root, path)):
        for base in (root / "lib", root):
            if quoted and (base / header).is_file():
                reached(root, base / header, seen)
    return seen


def key_of(root, unit):
    digest = hashlib.sha256((root / ".clang-tidy").read_bytes())
    digest.update(unit["command"].encode())
    for path, text in sorted(reached(root, Path(unit["file"]), {}).items()):
        digest.update(str(path).encode() + b"\0" + text)
    return digest.hexdigest()


def units_of(root, database):
    units = json.loads(database.read_text())
    ours = [u for u in units if Path(u["file"]).is_relative_to(root) and "/tests/" not in u["file"]]
    return {u["file"]: u for u in ours if u["file"].endswith(".cc") and Path(u["file"]).exists()}.values()


def check(root):
    root = Path(root).resolve()
    build = Path(os.environ.get("LINT_BUILD", root))
    if not (build / "compile_commands.json").exists():
        raise Skip("no compile_commands.json; configure a build first")
    tool = need("clang-tidy")
    with work_folder("tidy") as work:
        todo = [(u, Path(work) / key_of(root, u)) for u in units_of(root, build / "compile_commands.json")]
        todo = [(u, mark) for u, mark in todo if not mark.exists()]
        commands = [[tool, "-p", str(build), "--quiet", f"--config-file={root / '.clang-tidy'}",
                     "--extra-arg=-Wno-unknown-warning-option", u["file"]] for u, _ in todo]
        found = set()
        for (unit, mark), (output, status) in zip(todo, in_parallel(commands, cwd=root)):
            complaints = [c.replace(f"{root}/", "") for c in FINDING.findall(output)]
            found.update(complaints)
            if status == 0 and not complaints:
                mark.touch()
            elif not complaints:
                found.add(f"{unit['file']}:1: clang-tidy: {output.strip()[-300:]}")
    return sorted(found)


def _tree(text):
    entry = {"directory": "/", "command": "c++ -std=c++20 -c lib/a.cc", "file": ""}
    return [(".clang-tidy", "Checks: '-*,bugprone-*'\nWarningsAsErrors: '*'\n"), ("lib/a.cc", text),
            ("compile_commands.json", entry)]


BAD = [_tree("#include <utility>\nint f(int x) {\n    if (x) return 1; else return 1;\n}\n")]
GOOD = [_tree("int f(int x) { return x; }\n")]
