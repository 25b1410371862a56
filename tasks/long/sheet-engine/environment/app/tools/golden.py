"""Runs the commands of samples/recordings.json, each in a copy of samples/, and compares what they print and leave."""

import difflib
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
sys.path.insert(0, str(ROOT))

from tabula import cli


def carried_out(case, folder):
    """What a command prints, its exit code, its file afterwards, and what stopped it."""
    out, error = io.StringIO(), io.StringIO()
    os.chdir(folder)
    try:
        code = cli.main(case["argv"], io.StringIO(case["stdin"]), out, error)
    except Exception as stopped:
        code, error = 1, io.StringIO(f"{type(stopped).__name__}: {stopped}")
    os.chdir(ROOT)
    file = Path(folder) / case["argv"][1] if len(case["argv"]) > 1 else None
    left = file.read_text(encoding="utf-8") if file and file.is_file() else ""
    return out.getvalue(), code, left, error.getvalue().strip().split("\n")[-1]


def main(names):
    cases = json.loads((SAMPLES / "recordings.json").read_text(encoding="utf-8"))
    wrong, tried = 0, 0
    for case in cases:
        if names and case["argv"][0] not in names:
            continue
        tried += 1
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
            stdout, code, left, error = carried_out(case, folder)
        for what, wanted, found in (("prints", case["stdout"], stdout), ("leaves", case["left"], left)):
            if wanted != found:
                print(f"tabula {' '.join(case['argv'])} {what} something else: {error}")
                print("\n".join(list(difflib.unified_diff(wanted.splitlines(), found.splitlines(), "recorded", "found", "", "", 1))[:12]))
        if code != case["code"]:
            print(f"tabula {' '.join(case['argv'])} ends with {code} instead of {case['code']}: {error}")
        wrong += (stdout, code, left) != (case["stdout"], case["code"], case["left"])
    print(f"{tried - wrong} of {tried} as recorded")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
