#!/usr/bin/env python3
"""ctest_outcomes.py PRESET JUNIT-FILE CTEST-LOG: one line `outcome<TAB>test<TAB>reason` a test.

ctest's own summary counts skipped tests as passed; its JUnit file tells them apart.
"""
import re
import sys
import xml.etree.ElementTree as ET

# GTEST_SKIP() << "reason" prints `file:line: Skipped` and the reason in the next line; other tests
# print `SKIPPED: reason`.
REASON = re.compile(r"^SKIPPED: (.+)$|: Skipped\n(.+)$", re.MULTILINE)


def outcome(case):
    if case.find("failure") is not None:
        return "failed", case.find("failure").get("message") or "failed"
    if case.get("status") == "disabled" or case.find("skipped") is not None:
        output = case.findtext("system-out") or ""
        found = REASON.search(output)
        if found:
            return "skipped", next(group for group in found.groups() if group)
        return "skipped", case.find("skipped").get("message") if case.find("skipped") is not None else "disabled"
    return "passed", ""


def main(preset, junit, log):
    try:
        suite = ET.parse(junit).getroot()
    except (OSError, ET.ParseError) as error:
        print(f"failed\t{preset}: ctest\tno result file: {error}")
        return
    for case in suite.iter("testcase"):
        kind, reason = outcome(case)
        print(f"{kind}\t{preset}: {case.get('name')}\t{reason.strip()}")
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if re.match(r"\d+% tests passed, ", line):
                print(f"ctest\t{preset}\t{line.strip()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
