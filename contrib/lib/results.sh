# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The end of contrib/check: how many passed, what was skipped and why.

# list_results JUNIT.xml...
list_results() {
    python3 - "$@" <<'PY'
import re
import sys
import xml.etree.ElementTree as xml

REASON = re.compile(r"# skip (.*)|^skipped: (.*)|^(?:.*: )?Skipped$\n?(.*)", re.MULTILINE)
entries = failures = 0
skips = {}
for path in sys.argv[1:]:
    for case in xml.parse(path).getroot().iter("testcase"):
        entries += 1
        failures += case.get("status") == "fail"
        text = "".join(case.itertext())
        for match in REASON.finditer(text):
            reason = next((g for g in match.groups() if g), "no reason given").strip()
            skips.setdefault(reason, []).append(case.get("name"))
        if case.get("status") == "notrun" and not REASON.search(text):
            skips.setdefault("not run", []).append(case.get("name"))
print(f"    {entries} ctest entries, {failures} failed, {sum(map(len, skips.values()))} tests skipped")
for reason, names in sorted(skips.items()):
    print(f"    skipped {len(names)}: {reason} ({', '.join(sorted(set(names)))})")
PY
}
