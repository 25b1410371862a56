"""Holds the port against the recordings: all commands, or those named."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
wrong = 0
names = sys.argv[1:] or sorted(path.stem for path in (ROOT / "tests" / "golden").glob("*.json"))
for name in names:
    cases = json.loads((ROOT / "tests" / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    good, first = 0, None
    for case in cases:
        command = [sys.executable, "-m", "inikit", name, *case["args"]]
        run = subprocess.run(command, cwd=ROOT, input=case["input"].encode(), capture_output=True)
        found = (run.stdout.decode(errors="replace"), run.returncode)
        if found == (case["output"], case["code"]):
            good += 1
        elif first is None:
            last = run.stderr.decode(errors="replace").strip().split("\n")[-1]
            first = f"  {case['args']} on {case['input']!r}\n  wanted {case['output']!r}, {case['code']}\n  found  {found[0]!r}, {found[1]} {last}"
    wrong += len(cases) - good
    print(f"{name}: {good} of {len(cases)}")
    if first:
        print(first)
print(f"{wrong} wrong")
sys.exit(1 if wrong else 0)
