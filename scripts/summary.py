#!/usr/bin/env python3
"""summary.py OUTCOMES LOG-DIRECTORY: the last lines of ./test; exit code 1 when anything failed."""
import sys


def main(outcomes, logs):
    found = {"passed": [], "failed": [], "skipped": [], "ctest": []}
    with open(outcomes, encoding="utf-8") as lines:
        for line in lines:
            kind, name, reason = line.rstrip("\n").split("\t", 2)
            found[kind].append((name, reason))
    for kind in ("skipped", "failed"):
        for name, reason in found[kind]:
            print(f"{kind.upper()} {name}: {reason}")
    for preset, count in found["ctest"]:
        print(f"ctest, {preset}: {count}")
    if found["failed"]:
        print(f"logs: {logs}")
    print(", ".join(f"{len(found[kind])} {kind}" for kind in ("passed", "failed", "skipped")))
    return 1 if found["failed"] or not found["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
