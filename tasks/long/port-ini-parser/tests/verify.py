"""Compares the commands with cases.json, which was recorded with the old ones. Imports nothing from /app."""

import json
import os
import subprocess
import sys
import tempfile

with open("/tests/cases.json", encoding="utf-8") as file:
    cases = json.load(file)


def lines(text):
    parts = text.split("\n")
    return parts[:-1] if parts[-1] == "" else parts


asked = "".join(json.dumps([command, (args + ["", "", ""])[:3], lines(text)]) + "\n" for command, args, text, _, _ in cases)
run = subprocess.run([sys.executable, "-I", "/tests/probe.py"], cwd="/", input=asked, capture_output=True, text=True, timeout=100)
answers = run.stdout.splitlines()
if len(answers) != len(cases):
    sys.exit(f"{len(answers)} answers to {len(cases)} cases\n{run.stderr[-2000:]}")
bad = 0
for (command, args, text, output, code), answer in zip(cases, answers):
    if json.loads(answer) != [lines(output), code]:
        bad += 1
        if bad <= 6:
            print(f"{command} {args} on {text!r}:\n  wanted {lines(output)}, {code}\n  found  {answer}")

# The command itself, from elsewhere, on a machine without awk.
with tempfile.TemporaryDirectory() as folder:
    for name in ("awk", "gawk", "mawk", "sed"):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 99\n")
        os.chmod(path, 0o755)
    env = {"PATH": folder + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"}
    every = [next(case for case in cases[n:] if case[3]) for n in range(0, len(cases) - 20, 41)]
    for command, args, text, output, code in [*every, ["nothing", [], "", "", 2], ["common", [], "", "", 2]]:
        run = subprocess.run(["/app/bin/ini", command, *args], cwd=folder, env=env, input=text.encode(), capture_output=True, timeout=60)
        error = f"ini: no command {command}\n" if code == 2 else ""
        if (run.stdout, run.returncode, run.stderr.decode()) != (output.encode(), code, error):
            bad += 1
            print(f"bin/ini {command} {args} on {text!r}: {run}")
if os.path.exists("/app/lib"):
    bad += 1
    print("lib/ is still there")
print(f"{bad} wrong")
sys.exit(1 if bad else 0)
