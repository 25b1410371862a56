"""Runs the tests in other orders, with other hash seeds and on other days of the week."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHILD = """
import sys, unittest
def flat(suite):
    for part in suite:
        yield from flat(part) if isinstance(part, unittest.TestSuite) else [part]
tests = sorted(flat(unittest.defaultTestLoader.discover(".", top_level_dir=".")), key=lambda test: test.id())
turn = int(sys.argv[1])
tests = tests[turn:] + tests[:turn]
if turn % 2:
    tests.reverse()
result = unittest.TestResult()
unittest.TestSuite(tests).run(result)
for test, _ in result.failures + result.errors:
    print(test.id())
print(result.testsRun, "run")
"""


def main() -> int:
    failed: dict[str, list[str]] = {}
    for turn in range(8):
        day = f"2026-03-{2 + turn:02}"
        env = {**os.environ, "PYTHONHASHSEED": str(turn), "LEDGER_TODAY": day}
        run = subprocess.run(
            [sys.executable, "-c", CHILD, str(turn)], cwd=ROOT, env=env, capture_output=True, text=True
        )
        lines = run.stdout.split("\n")
        if run.returncode or lines[-2] == "0 run":
            print(run.stdout + run.stderr)
            return 1
        for name in lines[:-2]:
            failed.setdefault(name, []).append(f"order {turn}, seed {turn}, {day}")
    for name, when in sorted(failed.items()):
        print(f"{name} fails in {len(when)} of 8: {'; '.join(when)}")
    if not failed:
        print("8 of 8 quiet")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
