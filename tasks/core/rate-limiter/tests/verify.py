"""Holds limiter in /app against orders of its threads, and its tests against right versions and versions with one fault each."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path("/tests")
WANT = json.loads((HERE / "expected.json").read_text())


def place(root, *versions):
    """A folder with limiter as the versions have it, one laid over the other, and with our schedule."""
    (root / "limiter").mkdir(parents=True)
    (root / "tests").mkdir()
    for version in versions:
        for name in ("bucket.py", "registry.py"):
            if (version / name).is_file():
                shutil.copyfile(version / name, root / "limiter" / name)
    for name in ("__init__.py", "sync.py"):
        shutil.copyfile(HERE / "reference" / name, root / "limiter" / name)
    shutil.copyfile(HERE / "schedule.py", root / "tests" / "schedule.py")
    (root / "tests" / "__init__.py").touch()
    return root


def look(root):
    run = subprocess.run(
        [sys.executable, "-I", str(HERE / "worker.py"), str(root)], capture_output=True, text=True, timeout=100, cwd="/"
    )
    try:
        return json.loads(run.stdout)
    except ValueError:
        print(run.stderr[-1500:])
        return {}


def passes(root):
    """Whether the tests of /app pass there, and how many there are."""
    shutil.copyfile("/app/tests/test_threads.py", root / "tests" / "test_threads.py")
    code = "import sys, unittest; sys.path.insert(0, sys.argv[1]); unittest.main(None, argv=['x', 'tests.test_threads'])"
    try:
        run = subprocess.run(
            [sys.executable, "-I", "-B", "-c", code, str(root)], capture_output=True, text=True, timeout=40, cwd=root, env={"PATH": os.defpath}
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0 and "Ran 0" not in run.stderr


bad = []
with tempfile.TemporaryDirectory() as work:
    work = pathlib.Path(work)
    for index, (name, want) in enumerate(WANT.items()):
        if index == 0:
            found = look(place(work / "app", pathlib.Path("/app/limiter")))
        if found.get(name) != want:
            bad.append(f"{name}\n  wanted: {want}\n  found:  {found.get(name)}")
    if not bad and not os.path.isfile("/app/tests/test_threads.py"):
        bad.append("there is no tests/test_threads.py")
    if not bad:
        for name in ("app", "reference", "second"):
            root = work / "app" if name == "app" else place(work / name, HERE / name)
            if not passes(root):
                bad.append(f"the tests fail with a right version: {name}")
    if not bad:
        for mutant in sorted((HERE / "mutants").iterdir()):
            if passes(place(work / mutant.name, HERE / "reference", mutant)):
                bad.append(f"the tests pass with a fault: {mutant.name}")
print("\n".join(f"not so: {what}" for what in bad))
sys.exit(bool(bad))
