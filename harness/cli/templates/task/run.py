"""Runs hidden tests in a process of their own and believes only what it says under a number that nobody else knows."""
import json
import os
import secrets
import subprocess
import sys

CHILD = r'''
import json, os, sys
work, mode, *files = sys.argv[1:]
number = sys.stdin.readline().strip()
out = os.fdopen(os.dup(1), "w")
os.chdir(work)
place = next((at for at, path in enumerate(sys.path) if path.endswith(("site-packages", "dist-packages"))), len(sys.path))
folders = [os.path.join(work, "src"), work] + [os.path.join(work, os.path.dirname(file)) for file in files]
sys.path[place:place] = list(dict.fromkeys(folder for folder in folders if os.path.isdir(folder)))
sys.dont_write_bytecode = True
ran = bad = 0
if mode == "unittest":
    import unittest
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for file in files:
        suite.addTests(loader.loadTestsFromName(file[:-3].replace("/", ".")))
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses) + len(loader.errors)
    ran = result.testsRun - len(result.skipped)
else:
    import pytest

    class Watch:
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(self, item, call):
            global ran, bad
            yield
            failed = call.excinfo is not None and call.excinfo.typename not in ("Skipped", "XFailed")
            if failed and item.get_closest_marker("xfail") is None:
                bad += 1
            elif call.when == "call" and call.excinfo is None:
                ran += 1

    options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--rootdir", work]
    bad += int(pytest.main(options + files, plugins=[Watch()]) != 0)
out.write("\n" + number + json.dumps({"ran": ran, "bad": bad}) + "\n")
out.flush()
'''

work, mode, *files = sys.argv[1:]
number = secrets.token_hex(16)
child = subprocess.run(
    [sys.executable, "-I", "-c", CHILD, work, mode, *files],
    input=number + "\n", stdout=subprocess.PIPE, text=True, cwd="/", env={"PATH": os.environ.get("PATH", ""), "HOME": work},
)
sys.stdout.write(child.stdout.replace(number, ""))
said = [line[len(number):] for line in child.stdout.splitlines() if line.startswith(number)]
verdict = json.loads(said[-1]) if said else {"ran": 0, "bad": 1}
print(verdict)
sys.exit(0 if verdict["bad"] == 0 and verdict["ran"] > 0 else 1)
