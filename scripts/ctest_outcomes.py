#!/usr/bin/env python3
"""ctest_outcomes.py PRESET RESULTS CODE: one line `outcome<TAB>test<TAB>reason<TAB>file` a test.

Reads RESULTS/PRESET.xml and RESULTS/PRESET.log, which ctest left when it ended with exit code CODE.
Files what a failed test printed in RESULTS/failed and names that file.

ctest calls a test "not run" when it skipped itself, but also when its program or its fixture is not
there. Here a skip is what a test asked for, for want of something that needs.txt lists and
$DURAMEN_REQUIRE does not name; every other test that did not run has failed.
"""
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

# GTEST_SKIP() << "reason" prints `file:line: Skipped` and the reason in the next line; other tests
# print `SKIPPED: reason`.
REASON = re.compile(r"^SKIPPED: (.+)$|: Skipped\n(.+)$", re.MULTILINE)
# How ctest's report says that the test itself asked for the skip.
ASKED = re.compile(r"SKIP_RETURN_CODE=|SKIP_REGULAR_EXPRESSION_MATCHED")
NEEDS = pathlib.Path(__file__).with_name("needs.txt")


def known_needs():
    lines = NEEDS.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def skip(output, required):
    found = REASON.search(output)
    if not found:
        return "failed", "skipped itself and did not say why"
    reason = next(group for group in found.groups() if group).strip()
    need = reason.partition(":")[0]
    if need not in known_needs():
        return "failed", f"skipped itself for want of nothing that {NEEDS.name} lists: {reason}"
    if need in required:
        return "failed", f"{need} is required, and the test was skipped: {reason}"
    return "skipped", reason


def outcome(case, required):
    """("passed" | "failed" | "skipped", reason) of one <testcase>."""
    failure, skipped = case.find("failure"), case.find("skipped")
    status = case.get("status")
    if failure is not None or status == "fail":
        return "failed", (failure is not None and failure.get("message")) or "failed"
    if status == "disabled":
        return "skipped", "disabled"
    if skipped is not None or status == "notrun":
        message = (skipped is not None and skipped.get("message")) or "not run"
        if ASKED.match(message):
            return skip(case.findtext("system-out") or "", required)
        return "failed", f"did not run: {message}"
    if status == "run":
        return "passed", ""
    return "failed", f"unknown status '{status}'"


def file_output(folder, name, output):
    folder.mkdir(exist_ok=True)
    path = folder / (re.sub(r"[^\w.-]+", "_", name) + ".txt")
    path.write_text(output, encoding="utf-8")
    return path


def outcomes(preset, results, code, required):
    """(outcome, name, reason, file or "") of every test, and of ctest itself when it failed."""
    try:
        suite = ET.parse(results / f"{preset}.xml").getroot()
    except (OSError, ET.ParseError) as error:
        yield "failed", f"{preset}: ctest", f"exit code {code}, no result file: {error}", ""
        return
    failures = 0
    for case in suite.iter("testcase"):
        name = f"{preset}: {case.get('name')}"
        kind, reason = outcome(case, required)
        file = ""
        if kind == "failed":
            failures += 1
            file = file_output(results / "failed", name, case.findtext("system-out") or "")
        yield kind, name, " ".join(reason.split()), file
    if code != 0 and failures == 0:
        yield "failed", f"{preset}: ctest", f"exit code {code}, and no test of its report failed", ""


def main(preset, results, code):
    results = pathlib.Path(results)
    required = set(filter(None, os.environ.get("DURAMEN_REQUIRE", "").split(",")))
    for line in outcomes(preset, results, int(code), required):
        print(*line, sep="\t")
    with open(results / f"{preset}.log", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if re.match(r"\d+% tests passed, ", line):
                print(f"ctest\t{preset}\t{line.strip()}\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
