"""python3 -m harbour DAY [PORT...]"""

import datetime
import os
import pathlib
import sys

from . import arrivals, report, zones

DATA = pathlib.Path(os.environ.get("HARBOUR_DATA") or pathlib.Path(__file__).parent.parent / "data")


def main(words):
    if not words:
        print(__doc__, file=sys.stderr)
        return 2
    day = datetime.date.fromisoformat(words[0])
    table = zones.load(DATA / "zones.txt")
    ports = dict(line.split() for line in (DATA / "ports.txt").read_text(encoding="utf-8").splitlines())
    rows = arrivals.load(DATA / "arrivals.csv")
    for port in sorted(words[1:] or ports):
        text = report.day(port, table[ports[port]], [row for row in rows if row.port == port], day)
        if text:
            print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
