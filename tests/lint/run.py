#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs lint rules over the source tree.

    run.py ROOT RULE...       findings on stdout, exit 1 when there are any
    run.py --self-test        each rule must find its own bad samples and accept its good ones

A rule is a module in rules/ with check(root) -> ["path:line: what is wrong"], and BAD, GOOD: samples
as (path, text) laid out in an empty tree, one tree a sample.
"""
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

from tools import Skip  # noqa: E402  (needs the path above)

SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def rule_names():
    return sorted(p.stem for p in (HERE / "rules").glob("*.py") if p.stem != "__init__")


def load(name):
    return importlib.import_module(f"rules.{name}")


def findings_of_sample(rule, tree):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree:
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(text, dict):  # a compile database of one file
                text = json.dumps([text | {"directory": folder, "file": f"{folder}/lib/a.cc"}])
            target.write_text(text)
        return rule.check(folder)


def self_test():
    os.environ.pop("LINT_WORK", None)
    os.environ.pop("LINT_BUILD", None)
    failures = 0
    for name in rule_names():
        rule = load(name)
        try:
            failures += self_test_rule(name, rule)
        except Skip as reason:
            print(f"{name}: skipped: {reason}")
    return failures


def self_test_rule(name, rule):
    failures = 0
    for expected, samples in ((True, rule.BAD), (False, rule.GOOD)):
        for sample in samples:
            tree = sample if isinstance(sample, list) else [sample]
            found = findings_of_sample(rule, tree)
            if bool(found) != expected:
                failures += 1
                verdict = "missed a bad sample" if expected else f"refused a good sample: {found}"
                print(f"{name}: {verdict}: {tree!r}")
    print(f"{name}: {len(rule.BAD)} bad and {len(rule.GOOD)} good samples")
    if not rule.BAD:
        failures += 1
        print(f"{name}: has no bad sample, so nothing shows that it can fail")
    return failures


def main(arguments):
    if arguments == ["--self-test"]:
        return 1 if self_test() else 0
    root, names = arguments[0], arguments[1:] or rule_names()
    try:
        found = [f"{finding} [{name}]" for name in names for finding in load(name).check(root)]
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
