"""Runs the workspace's tests against the reference, another right version and every mutant, each in a process and a
folder of its own; then asks the workspace's quote.py for prices. Imports nothing from /app."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "/tests")
from mutants import MUTANTS

PYTHON = [sys.executable, "-P", "-s"]
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
bad = []


def passes(package, edit=None):
    """Whether tests/test_quote.py passes against a version of the package, with at least one test run."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(package, os.path.join(place, "parcel"))
        os.mkdir(os.path.join(place, "tests"))
        open(os.path.join(place, "tests", "__init__.py"), "w").close()
        shutil.copy("/app/tests/test_quote.py", os.path.join(place, "tests"))
        if edit:
            path = os.path.join(place, "parcel", "quote.py")
            source = open(path, encoding="utf-8").read()
            assert source.count(edit[0]) == 1, edit
            with open(path, "w", encoding="utf-8") as out:
                out.write(source.replace(*edit))
        command = PYTHON + ["-c", "import sys; sys.path.insert(0, '.'); import unittest; unittest.main(module=None)", "tests.test_quote"]
        done = subprocess.run(command, cwd=place, env=ENV, capture_output=True, text=True, timeout=60)
        return done.returncode == 0 and " 0 tests" not in done.stderr and "Ran " in done.stderr


if not os.path.isfile("/app/tests/test_quote.py") or os.path.islink("/app/tests/test_quote.py"):
    sys.exit("there is no tests/test_quote.py")
for name in ("reference", "second"):
    if not passes(f"/tests/{name}/parcel"):
        bad.append(f"the tests refuse a right version ({name})")
for name, old, new in MUTANTS:
    if passes("/tests/reference/parcel", (old, new)):
        bad.append(f"not caught: {name}")

CASES = [
    # postcode, grams, sides, value, sent last month
    ["10115", grams, [30, 20, 5], value, sent]
    for grams in (1, 499, 500, 501, 999, 1000, 1001, 5000, 31000, 31500, 31501)
    for value in (0, 10000, 10001, 24999, 25001, 70001)
    for sent in (0, 49, 50, 199, 200)
]
CASES += [["1500", 700, sides, 0, 60] for sides in ([121, 10, 10], [120, 5, 5], [5, 5, 121], [10, 121, 122], [10, 10, 26], [0, 4, 4], [4, -1, 4], [100, 40, 40], [75, 60, 35])]
CASES += [[code, 2600, [10, 10, 10], 0, 0] for code in ("22", "39xxx", "99999", "", "2")] + [["10115", 0, [9, 9, 9], 0, 0]]
PROBE = """
import json, sys
sys.path.append(sys.argv[1])
from parcel import Customer, Parcel, Refused, quote
for postcode, grams, sides, value, sent in json.load(sys.stdin):
    try:
        answer = quote(Parcel(postcode, grams, *sides, value), Customer("x", sent))
    except Refused as why:
        answer = str(why)
    print(json.dumps(answer))
"""


def prices(root):
    command = [sys.executable, "-I", "-c", PROBE, root]
    done = subprocess.run(command, input=json.dumps(CASES), cwd="/", env=ENV, capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()


want, found = prices("/tests/reference"), prices("/app")
assert len(want) == len(CASES) and want == prices("/tests/second")
if found != want:
    wrong = [case for case, a, b in zip(CASES, want, found) if a != b]
    bad.append(f"quote.py gives wrong prices, for example of {wrong[:3]}" if wrong else "quote.py gives no prices")
print("\n".join(bad))
sys.exit(bool(bad))
