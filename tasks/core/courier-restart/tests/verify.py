"""Compares what the probe printed with expected.json. Imports nothing from /app."""

import json
import subprocess
import sys

run = subprocess.run(
    [sys.executable, "-I", "/tests/probe.py"], cwd="/", capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
)
try:
    got = json.loads(run.stdout)
except ValueError:
    sys.exit(f"no answer from the project:\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}")
with open("/tests/expected.json", encoding="utf-8") as file:
    want = json.load(file)
bad = [name for name in want if got.get(name) != want[name]]
for name in bad:
    print(f"{name}: expected {want[name]}\n{' ' * len(name)}  got      {got.get(name)}")
sys.exit(1 if bad or set(got) != set(want) else 0)
