"""Makes a tree with honest and dishonest files, asks the probe, compares. Imports nothing from /app."""

import json
import os
import subprocess
import sys
import tempfile

base = os.path.realpath(tempfile.mkdtemp())
root = os.path.join(base, "www")
SECRET = "the key is under the mat\n"


def write(path, text):
    path = os.path.join(base, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def link(to, path):
    os.symlink(to, os.path.join(base, path))


write("www/index.html", "front\n")
write("www/a/index.html", "a\n")
write("www/a/notes..txt", "dots\n")
write("www/a/..rc", "rc\n")
write("www/a/v1...v2.txt", "diff\n")
write("www/a/50%25.txt", "percent\n")
write("www/a/%2e%2e.txt", "literal\n")
write("www/a/grüße.txt", "hello\n")
write("www/q/2026/data.csv", "1,2\n")
write("www/up/mine.txt", "mine\n")
write("secret.txt", SECRET)
write("www-old/secret.txt", SECRET)
write("www.bak", SECRET)
write("other/index.html", SECRET)
link("q/2026", "www/now")
link(os.path.join(root, "q"), "www/quarters")
link("../a/index.html", "www/up/inner.txt")
link("now/data.csv", "www/twice.csv")
link("../../secret.txt", "www/up/outer.txt")
link("/", "www/up/all")
link("../..", "www/up/above")
link("../../www-old", "www/up/old")
link("../../other", "www/up/site")
link("loop", "www/up/loop")
link("outer.txt", "www/up/chain.txt")
os.mkdir(os.path.join(root, "up", "empty"))
link("../../../secret.txt", "www/up/empty/index.html")
link("www", "published")  # the root itself may be a link

NO = [404, "not found\n", "text/plain; charset=utf-8"]
TEXT, HTML, CSV = "text/plain; charset=utf-8", "text/html; charset=utf-8", "text/csv; charset=utf-8"
cases = []
for at in (root, root + "/", os.path.join(base, "published")):
    cases += [
        (at, "GET", "/", [200, "front\n", HTML]),
        (at, "GET", "", [200, "front\n", HTML]),
        (at, "GET", "//", [200, "front\n", HTML]),
        (at, "GET", "/a", [200, "a\n", HTML]),
        (at, "GET", "/a/?x=../../", [200, "a\n", HTML]),
        (at, "GET", "/a/notes..txt", [200, "dots\n", TEXT]),
        (at, "GET", "/a/v1...v2.txt", [200, "diff\n", TEXT]),
        (at, "GET", "/a/..rc", [200, "rc\n", "application/octet-stream"]),
        (at, "GET", "/a/50%2525.txt", [200, "percent\n", TEXT]),
        (at, "GET", "/a/%252e%252e.txt", [200, "literal\n", TEXT]),
        (at, "GET", "/a/gr%C3%BC%C3%9Fe.txt", [200, "hello\n", TEXT]),
        (at, "GET", "/now/data.csv", [200, "1,2\n", CSV]),
        (at, "GET", "/quarters/2026/data.csv", [200, "1,2\n", CSV]),
        (at, "GET", "/twice.csv", [200, "1,2\n", None]),
        (at, "GET", "/up/inner.txt", [200, "a\n", None]),
        (at, "HEAD", "/up/mine.txt", [200, "", TEXT]),
        (at, "GET", "/up/empty", NO),
        (at, "GET", "/up/outer.txt", NO),
        (at, "GET", "/up/chain.txt", NO),
        (at, "GET", "/up/all" + base + "/secret.txt", NO),
        (at, "GET", "/up/above/secret.txt", NO),
        (at, "GET", "/up/old/secret.txt", NO),
        (at, "GET", "/up/site", NO),
        (at, "GET", "/up/site/", NO),
        (at, "GET", "/up/loop", NO),
        (at, "GET", "/../secret.txt", NO),
        (at, "GET", "/%2e%2e/secret.txt", NO),
        (at, "GET", "/a/%2e%2e%2f%2e./secret.txt", NO),
        (at, "GET", "/%2e%2e/www-old/secret.txt", NO),
        (at, "GET", "/%2e%2e/www.bak", NO),
        (at, "GET", "/%2fetc/passwd", NO),
        (at, "GET", "//etc/passwd", NO),
        (at, "GET", base + "/secret.txt", NO),
        (at, "GET", "/%252e%252e/secret.txt", NO),
        (at, "GET", "/a%00/index.html", NO),
        (at, "GET", "/a/index.html%00.txt", NO),
        (at, "GET", "/a/index.html/x", NO),
        (at, "GET", "/" + "x" * 300, NO),
        (at, "DELETE", "/a", [405, "method not allowed\n", None]),
    ]

asked = "".join(json.dumps([at, method, target]) + "\n" for at, method, target, _ in cases)
run = subprocess.run(
    [sys.executable, "-I", "/tests/probe.py"], cwd="/", input=asked, capture_output=True, text=True, timeout=60
)
lines = run.stdout.splitlines()
if len(lines) != len(cases):
    sys.exit(f"{len(lines)} answers to {len(cases)} requests\n{run.stderr[-3000:]}")
bad = 0
for (at, method, target, want), line in zip(cases, lines):
    got = json.loads(line)
    kind_matters = want[2] is not None
    if got[:2] != want[:2] or (kind_matters and got[2] != want[2]):
        bad += 1
        print(f"{method} {target[:80]} under {at[len(base):]}: expected {want}, got {got}")
sys.exit(1 if bad else 0)
