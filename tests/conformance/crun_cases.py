# SPDX-License-Identifier: Apache-2.0
"""Runs crun's Python tests one by one and holds their verdicts against the list of expected failures.

    crun_cases.py FOLDER_OF_TESTS EXPECTED_FAILURES [REGULAR_EXPRESSION]

OCI_RUNTIME and INIT are the suite's own variables. A failure that is not expected and a success that is not are
errors: the list is to say what is so.
"""
import os
import re
import subprocess
import sys
import tempfile

TIME_LIMIT = 30

# Loads a test file with its runner replaced: the names alone.
LIST_CASES = """
import os, sys
path = sys.argv[1]
sys.path.insert(0, os.path.dirname(path))
import tests_utils
tests_utils.tests_main = lambda cases: print(*cases, sep="\\n")
exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__", "__file__": path})
"""


def cases_of(path):
    found = subprocess.run([sys.executable, "-c", LIST_CASES, path], capture_output=True, text=True, check=False)
    return [line for line in found.stdout.splitlines() if line and not line.startswith("1..")]


def run_case(path, case):
    """The verdict (ok, skip, not ok) and all that was said."""
    command = ["script", "-qefc", f"{sys.executable} {path}", "/dev/null"]
    try:
        said = subprocess.run(
            ["timeout", "--kill-after=5", str(TIME_LIMIT), *command],
            env={**os.environ, "RUN_TESTS": case}, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        return "not ok", str(error)
    text = said.stdout.decode(errors="replace")
    verdicts = re.findall(r"(not ok|ok) \d+ - .*", text)
    if not verdicts or verdicts[-1] == "not ok":
        return "not ok", text
    return ("skip" if re.search(r"ok \d+ - .*# ?SKIP", text) else "ok"), text


def read_expected(path):
    """{"test_file case": reason}"""
    expected = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                case, reason = line.split(":", 1)
                expected[case.strip()] = reason.strip()
    return expected


def main(folder, expected_path, wanted=""):
    expected = read_expected(expected_path)
    counts, wrong = {"ok": 0, "skip": 0, "not ok": 0}, []
    os.chdir(tempfile.mkdtemp(prefix="conformance"))
    os.symlink(folder, "tests")  # some ask for ./tests/init
    for name in sorted(os.listdir(folder)):
        if not re.fullmatch(r"test_.*\.py", name):
            continue
        path = os.path.join(folder, name)
        for case in cases_of(path):
            label = f"{name[:-3]} {case}"
            if not re.search(wanted, label):
                continue
            verdict, text = run_case(path, case)
            counts[verdict] += 1
            print(f"{verdict}: {label}" + (f" ({expected[label]})" if label in expected else ""), flush=True)
            if verdict == "not ok" and label not in expected:
                wrong.append(f"fails, which is not expected: {label}\n{text}")
            if verdict == "ok" and label in expected:
                wrong.append(f"succeeds, but is listed as a failure: {label}")
    print(f"{counts['ok']} ok, {counts['skip']} skipped by the suite, {counts['not ok']} not ok")
    print(*wrong, sep="\n")
    if sum(counts.values()) == 0:
        print("no cases were found")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
