"""Holds the importer against samples/*.expected: what it prints, then what it complains about."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
wrong = 0
for expected in sorted((ROOT / "samples").glob("*.expected")):
    name = f"samples/{expected.stem}.csv"
    run = subprocess.run([sys.executable, "-m", "roster", name], cwd=ROOT, capture_output=True, text=True)
    found = (run.stdout + run.stderr).splitlines()
    want = expected.read_text(encoding="utf-8").splitlines()
    if found != want:
        wrong += 1
        print(f"{name}:")
        print("\n".join(f"  missing: {line}" for line in want if line not in found))
        print("\n".join(f"  too much: {line}" for line in found if line not in want)[:1500])
print(f"{wrong} wrong")
sys.exit(1 if wrong else 0)
