"""Compares behaviour under several hash seeds with expected.json, then asks what the project's tests are worth."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

AT_LEAST = 9  # so many tests stood there before


def ask(arguments, **extra):
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", **extra}
    # -P and not -I: the hash seed comes from the environment, which is ours alone.
    run = subprocess.run(
        [sys.executable, "-P", "-s", *arguments], cwd="/", env=env, capture_output=True, text=True, timeout=60
    )
    try:
        return json.loads(run.stdout)
    except ValueError:
        sys.exit(f"{arguments}: no answer\n{run.stdout[-2000:]}\n{run.stderr[-3000:]}")


with open("/tests/expected.json", encoding="utf-8") as file:
    want = json.load(file)
for seed in ("0", "1", "2", "5", "42"):
    got = ask(["/tests/probe.py"], PYTHONHASHSEED=seed)
    if got != want:
        for name in want:
            if got.get(name) != want[name]:
                print(f"{name}, hash seed {seed}: expected {want[name]}\n got {got.get(name)}")
        sys.exit(1)

for turn, day in enumerate(["2026-03-07", "2026-03-08", "2026-03-09", "2028-02-29", "2026-12-31", "2026-04-12"]):
    outcome = ask(["/tests/run_project_tests.py", "/app", str(turn)], PYTHONHASHSEED=str(turn), LEDGER_TODAY=day)
    bad = sorted(name for name, result in outcome.items() if result != "ok")
    if bad or len(outcome) < AT_LEAST:
        sys.exit(f"on {day}, order and seed {turn}: {len(outcome)} tests, not ok: {bad}")

for broken in ("weekend", "day", "never"):
    folder = os.path.join(tempfile.mkdtemp(), "app")
    shutil.copytree("/app", folder, symlinks=True)
    shutil.copy(f"/tests/broken/{broken}.py", os.path.join(folder, "ledger", "terms.py"))
    outcome = ask(["/tests/run_project_tests.py", folder, "0"], PYTHONHASHSEED="0", LEDGER_TODAY="2026-03-04")
    if all(result == "ok" for result in outcome.values()):
        sys.exit(f"the tests don't notice a broken ledger/terms.py ({broken})")
