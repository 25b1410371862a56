"""Compares a report with what billing counted that day."""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    day = sys.argv[1]
    report = ROOT / "out" / f"{day}.csv"
    rows = {row["endpoint"]: row["requests"] for row in csv.DictReader(report.open(encoding="utf-8"))}
    wrong = 0
    for line in (ROOT / "billing" / f"{day}.txt").read_text(encoding="utf-8").splitlines():
        endpoint, count = line.split()
        if rows.get(endpoint) != count:
            wrong += 1
            print(f"{endpoint}: billing counted {count}, the report says {rows.get(endpoint, 'nothing')}")
    print(f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
