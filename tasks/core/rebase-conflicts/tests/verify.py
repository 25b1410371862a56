"""Looks at the history in a copy of the objects, and runs each commit in a folder and a process of its own."""

import os
import shutil
import subprocess
import sys
import tempfile

MAIN = "8fc5a4d04cc4709bd1d57d1d8a61da99ad3ce12b"  # the same on every host
WANT = """\
Ines Falk <ines@example.org> 2026-04-02T09:30:00+02:00
Read refunds

They have a minus, and are shown with one.

Tomo Rist <tomo@example.org> 2026-04-03T09:30:00+02:00
Lists may have a category

A third field. Who has several gets a line for each.

Ines Falk <ines@example.org> 2026-04-04T09:30:00+02:00
Add up by category

Tomo Rist <tomo@example.org> 2026-04-05T09:30:00+02:00
Show totals by category with -c

Ines Falk <ines@example.org> 2026-04-06T09:30:00+02:00
Say how many refunds there were
"""
CHANGES = ["- Refunds", "- Categories in lists", None, "- `-c` shows totals by category", "- How many refunds there were"]
FILES = [
    ["CHANGES.md", "tally/money.py", "tests/test_refunds.py"],
    ["CHANGES.md", "README.md", "tally/read.py", "tally/report.py", "tests/test_report.py"],
    ["tally/category.py"],
    ["CHANGES.md", "README.md", "tally/__main__.py"],
    ["CHANGES.md", "tally/report.py", "tests/test_refunds.py"],
]
LIST = "# May\n\nAna;12,40\nBo;-3.05\nAna;-0,5\n"
CATEGORIES = "# May\nAna;12,40;food\nBo;-3.05\n\nAna;7; food \nCy;2;rent\nBo;1;food\nCy;-2,00;tax\n"
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
bad = []


def must(what, found, want):
    if found != want:
        bad.append(f"{what}: wanted {want!r}, found {found!r}")


work = tempfile.mkdtemp()
GIT = {**ENV, "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ATTR_NOSYSTEM": "1"}


def git(*words):
    done = subprocess.run(["git", *words], cwd=f"{work}/copy", env=GIT, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else f"failed: {done.stderr}"


def copy():
    subprocess.run(["git", "init", "-q", "-b", "main", f"{work}/copy"], env=GIT, check=True)
    for name in ("objects", "refs", "hooks", "info"):
        shutil.rmtree(f"{work}/copy/.git/{name}", ignore_errors=True)
    for name in ("objects", "refs"):
        shutil.copytree(f"/app/.git/{name}", f"{work}/copy/.git/{name}", symlinks=True)
    for name in ("HEAD", "index", "packed-refs"):
        if os.path.isfile(f"/app/.git/{name}"):
            shutil.copy(f"/app/.git/{name}", f"{work}/copy/.git/{name}")
    shutil.rmtree(f"{work}/copy/.git/objects/info", ignore_errors=True)


def run(place, *words, text=""):
    """What tally prints, or that it failed."""
    code = "import sys; sys.path.append(sys.argv[1]); del sys.argv[1]; import runpy; sys.argv[0] = 'tally'; runpy.run_module('tally', run_name='__main__')"
    done = subprocess.run([sys.executable, "-I", "-c", code, place, *words], cwd="/", env=ENV, input=text, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else "failed"


def ask(place, code):
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.append({place!r}); {code}"], cwd="/", env=ENV, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else "failed"


copy()
must("categories is checked out", git("symbolic-ref", "HEAD"), "refs/heads/categories\n")
must("the branches, and nothing else", git("for-each-ref", "--format=%(refname)"), "refs/heads/categories\nrefs/heads/main\n")
must("main", git("rev-parse", "main"), MAIN + "\n")
under = [name for name in ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "shallow") if os.path.lexists(f"/app/.git/{name}")]
must("nothing under way", under, [])
must("it begins at main", git("rev-parse", "categories~5"), MAIN + "\n")
must("no merges", git("rev-list", "--merges", "--count", "main..categories"), "0\n")
must("the commits", git("log", "--reverse", "--format=%an <%ae> %aI%n%B", "main..categories").strip("\n"), WANT.strip("\n"))
must("nothing lying about", git("--work-tree=/app", "status", "--porcelain"), "")

if not bad:
    entries = ["- Comments in lists", "- Amounts may have a comma", "- First version"]
    for n, commit in enumerate(git("rev-list", "--reverse", "main..categories").split()):
        place = f"{work}/{n}"
        os.mkdir(place)
        git(f"--work-tree={place}", "checkout", "-q", "-f", commit, "--", ".")
        must(f"commit {n + 1}: its files", git("diff-tree", "-r", "--name-only", "--no-commit-id", commit).split(), FILES[n])
        done = subprocess.run([sys.executable, "-P", "-s", "-m", "unittest", "discover", "-v", "-t", ".", "-s", "tests"], cwd=place, env={**ENV, "PYTHONPATH": place}, capture_output=True, text=True, timeout=60)
        must(f"commit {n + 1}: its tests pass", (done.returncode, done.stderr.count(" ... ok")), (0, [4, 5, 5, 5, 6][n]))
        if CHANGES[n]:
            entries.insert(0, CHANGES[n])
        with open(f"{place}/CHANGES.md") as file:
            must(f"commit {n + 1}: changes", file.read().split("\n"), ["# Changes", "", *entries, ""])
        last = "\nrefunds: 2\n" if n == 4 else "\n"
        must(f"commit {n + 1}: report", run(place, text=LIST), "Ana: 11.90\nBo: -3.05" + last)
        report = "failed" if n == 0 else "Ana (food): 19.40\nBo: -3.05\nBo (food): 1.00\nCy (rent): 2.00\nCy (tax): -2.00" + last
        must(f"commit {n + 1}: report with categories", run(place, text=CATEGORIES), report)
        by = "food: 20.40\nrent: 2.00\ntax: -2.00\nother: -3.05\n"
        lines = CATEGORIES.splitlines(True)
        must(f"commit {n + 1}: by category", ask(place, f"from tally.category import by_category; print(by_category({lines!r}))"), "failed" if n < 2 else by)
        must(f"commit {n + 1}: -c", run(place, "-c", text=CATEGORIES), by if n > 2 else report)
        must(f"commit {n + 1}: no refunds", run(place, text="Ana;1\n"), "Ana: 1.00\n")
print("\n".join(bad))
sys.exit(bool(bad))
