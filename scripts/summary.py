#!/usr/bin/env python3
"""summary.py OUTCOMES RESULTS: the last lines of ./test; exit code 1 when anything failed."""
import sys

TAILS = 10  # of so many failed tests
TAIL_LINES = 30


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as lines:
        return [line.rstrip("\n") for line in lines][-TAIL_LINES:]


def main(outcomes, results):
    found = {"passed": [], "failed": [], "skipped": [], "ctest": []}
    with open(outcomes, encoding="utf-8") as lines:
        for line in lines:
            kind, name, reason, *file = line.rstrip("\n").split("\t")
            found[kind].append((name, reason, file[0] if file else ""))
    for name, _, file in [failed for failed in found["failed"] if failed[2]][:TAILS]:
        print(f"--- {name}: the end of {file}", *tail(file), "", sep="\n")
    for kind in ("skipped", "failed"):
        for name, reason, _ in found[kind]:
            print(f"{kind.upper()} {name}: {reason}")
    for preset, count, _ in found["ctest"]:
        print(f"ctest, {preset}: {count}")
    if found["failed"]:
        print(f"all that was printed: {results}")
    print(", ".join(f"{len(found[kind])} {kind}" for kind in ("passed", "failed", "skipped")))
    return 1 if found["failed"] or not found["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
