"""Compares what the programs do with what they did when it was recorded."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harbor import migrate, server, worker  # noqa: E402

PROGRAMS = {"server": server, "worker": worker, "migrate": migrate}
wrong = 0
for line in (ROOT / "tools" / "recorded.jsonl").read_text(encoding="utf-8").splitlines():
    name, text, env, want = json.loads(line)
    try:
        found = PROGRAMS[name].settings(text, env)
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    if found != want:
        wrong += 1
        print(f"{name} with {text!r} and {env}: was {want}, is {found}")
print(f"{wrong} differences")
sys.exit(1 if wrong else 0)
