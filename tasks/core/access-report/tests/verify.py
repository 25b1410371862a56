"""Runs bin/report.sh of /app on logs made here and compares what it prints with what was put into them."""

import os
import subprocess
import sys
import tempfile

sys.path.append("/tests")

from make_logs import make, report, utc

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"}
bad = 0


def check(what, got, want):
    global bad
    if got != want:
        bad += 1
        print(f"--- {what}: expected\n{want}--- got\n{got}")


def run(day, logs, cwd, tz="UTC"):
    done = subprocess.run(
        ["/app/bin/report.sh", day, logs], cwd=cwd, env={**ENV, "TZ": tz}, capture_output=True, text=True, timeout=30
    )
    if done.returncode:
        print(done.stderr[-1500:])
    return done.stdout if done.returncode == 0 else f"exit code {done.returncode}\n"


with open("/tests/2026-03-02.csv", encoding="utf-8") as file, open("/app/out/2026-03-02.csv", encoding="utf-8") as made:
    check("out/2026-03-02.csv", made.read(), file.read())

base = tempfile.mkdtemp()
cases = [
    ("plain", 3, [("one", 0)], "2026-03-04T08:00", 10, 60, False, ["2026-03-04"]),
    ("zones", 4, [("east", 330), ("west", -480), ("mid", 0)], "2026-02-27T12:00", 60, 150, False, ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
    ("same ids", 5, [("a", 0), ("b", 120), ("c", 120)], "2026-12-31T03:00", 40, 120, True, ["2026-12-31", "2027-01-01"]),
    ("nothing that day", 6, [("a", 60)], "2026-03-04T08:00", 5, 20, False, ["2026-03-09"]),
    ("with spaces", 7, [("host one", 0), ("host two", -60)], "2026-03-04T22:00", 6, 90, True, ["2026-03-04", "2026-03-05"]),
]
for name, seed, hosts, start, hours, count, shared, days in cases:
    folder = os.path.join(base, f"logs of {name}" if seed == 7 else f"logs{seed}")
    requests = make(folder, seed, hosts, utc(start), hours, count, shared)
    for day in days:
        check(f"{name}, {day}", run(day, folder, "/"), report(requests, day))
sys.exit(1 if bad else 0)
