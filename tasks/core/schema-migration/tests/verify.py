"""Runs the migration in processes of its own and looks at the folder before and after. Imports nothing from /app."""

import json
import os
import resource
import stat
import subprocess
import sys
import tempfile

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
RUN = "import sys; sys.path.append('/app'); import runpy; sys.argv[0] = 'hive'; runpy.run_module('hive', run_name='__main__')"
bad = []


def must(what, found, want):
    if found != want:
        bad.append(f"{what}: wanted {want!r}, found {found!r}")


def run(place, names, limit=None):
    def least():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-I", "-c", RUN, "migrate", *names]
    done = subprocess.run(command, cwd=place, env=ENV, capture_output=True, text=True, timeout=60, preexec_fn=least)
    return done.returncode, done.stdout, done.stderr


def folder(place):
    found = {}
    for name in sorted(os.listdir(place)):
        path = os.path.join(place, name)
        at = os.lstat(path)
        with open(path, "rb") as file:
            found[name] = (file.read(), stat.S_IMODE(at.st_mode), at.st_ino, at.st_mtime_ns)
    return found


def put(place, name, content, mode=0o644):
    path = os.path.join(place, name)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    os.chmod(path, mode)


ONE = [
    {"hive": " Mill", "date": "7.10.22", "weight": "32,01", "note": "b #Fed #fed # x#y #a-b,", "scale": {"raw": [1, None]}},
    {"hive": "Roof", "date": "1.2.2023", "note": "ä", "tags_by_hand": ["z"]},
    {"hive": "mill  ", "date": "30.9.22", "weight": "24.0004"},
    {"hive": "MILL", "date": "7.10.2022", "weight": "", "note": ""},
]
WANT_ONE = {"format": 4, "hives": [
    {"id": 1, "name": "Mill", "visits": [
        {"date": "2022-09-30", "weight_g": 24000, "note": "", "tags": []},
        {"date": "2022-10-07", "weight_g": 32010, "note": "b #Fed #fed # x#y #a-b,", "scale": {"raw": [1, None]}, "tags": ["fed", "a-b,"]},
        {"date": "2022-10-07", "weight_g": None, "note": "", "tags": []}]},
    {"id": 2, "name": "Roof", "visits": [{"date": "2023-02-01", "weight_g": None, "note": "ä", "tags_by_hand": ["z"], "tags": []}]}]}
TWO = {"format": 2, "club": {"a": [1]}, "visits": [
    {"hive": "B", "date": "2024-06-01", "weight_kg": 2.3, "note": "#q", "x": 0},
    {"hive": "A", "date": "2024-05-01", "weight_kg": 16.0999, "note": ""},
    {"hive": "b", "date": "2024-05-01", "weight_kg": 0, "note": "n"}]}
WANT_TWO = {"format": 4, "club": {"a": [1]}, "hives": [
    {"id": 1, "name": "B", "visits": [{"date": "2024-05-01", "weight_g": 0, "note": "n", "tags": []},
                                       {"date": "2024-06-01", "weight_g": 2300, "note": "#q", "x": 0, "tags": ["q"]}]},
    {"id": 2, "name": "A", "visits": [{"date": "2024-05-01", "weight_g": 16100, "note": "", "tags": []}]}]}
THREE = {"format": 3, "hives": [{"id": 7, "name": "C"}, {"id": 9, "name": "empty"}], "k": None, "visits": [
    {"hive": 7, "date": "2025-01-02", "weight_g": 5, "note": "#One two #ONE", "p": {}}]}
WANT_THREE = {"format": 4, "k": None, "hives": [
    {"id": 7, "name": "C", "visits": [{"date": "2025-01-02", "weight_g": 5, "note": "#One two #ONE", "p": {}, "tags": ["one"]}]},
    {"id": 9, "name": "empty", "visits": []}]}

with tempfile.TemporaryDirectory() as place:
    cases = [("one.json", ONE, WANT_ONE, 1, 0o640), ("two.json", TWO, WANT_TWO, 2, 0o600), ("three.json", THREE, WANT_THREE, 3, 0o664), ("none.json", [], {"format": 4, "hives": []}, 1, 0o644)]
    for name, data, _, _, mode in cases:
        put(place, name, data, mode)
    before = folder(place)
    code, said, err = run(place, [case[0] for case in cases])
    must("exit code", (code, err), (0, ""))
    must("what is said", said, "".join(f"{name}: {n} -> 4\n" for name, _, _, n, _ in cases))
    after = folder(place)
    must("files", sorted(after), sorted([case[0] for case in cases] + [f"{name}.bak-{n}" for name, _, _, n, _ in cases]))
    for name, _, want, n, mode in cases:
        must(f"the backup of {name}", after.get(f"{name}.bak-{n}", [None])[0], before[name][0])
        must(f"the mode of {name}", after[name][1], mode)
        try:
            must(name, json.loads(after[name][0]), want)
        except ValueError:
            bad.append(f"{name} is no JSON")
    code, said, err = run(place, ["one.json", "two.json"])
    must("again", (code, said, err), (0, "one.json: 4 already\ntwo.json: 4 already\n", ""))
    must("again: nothing is touched", folder(place), after)

BROKEN = {
    "no such day": [{"hive": "A", "date": "1.2.2023", "weight": "1"}, {"hive": "A", "date": "31.2.2023", "weight": "1"}],
    "no weight": [{"hive": "A", "date": "1.2.2023", "weight": "heavy"}],
    "no hive": [{"date": "1.2.2023", "weight": "1"}],
    "too new": {"format": 5, "hives": []},
    "hive unknown": {"format": 3, "hives": [{"id": 1, "name": "A"}], "visits": [{"hive": 2, "date": "2023-01-01", "weight_g": 1, "note": ""}]},
    "no JSON": b'[{"hive": "A", "da',
}
for name, data in BROKEN.items():
    with tempfile.TemporaryDirectory() as place:
        put(place, "a.json", data)
        put(place, "good.json", [])
        before = folder(place)
        code, said, err = run(place, ["a.json", "good.json"])
        after = folder(place)
        must(f"{name}: exit code", code, 1)
        must(f"{name}: the other file", said, "good.json: 1 -> 4\n")
        must(f"{name}: why", [line.startswith("a.json: failed: ") for line in err.splitlines()], [True])
        must(f"{name}: the file", after["a.json"], before["a.json"])
        must(f"{name}: the folder", sorted(after), ["a.json", "good.json", "good.json.bak-1"])

long = [{"hive": "A", "date": "1.2.2023", "note": "#a #b"} for _ in range(40)]
for name, data, limit in [("disk full, new file", long, len(json.dumps(long)) + 100), ("disk full, all files", long, 64)]:
    with tempfile.TemporaryDirectory() as place:
        put(place, "a.json", data)
        before = folder(place)
        code, said, err = run(place, ["a.json"], limit)
        must(f"{name}: exit code", (code, said), (1, ""))
        must(f"{name}: the folder", folder(place), before)

with tempfile.TemporaryDirectory() as place:
    put(place, "a.json", [])
    put(place, "a.json.bak-1", b"an older one")
    before = folder(place)
    code, said, err = run(place, ["a.json"])
    must("a backup that exists", (code, said, folder(place)), (1, "", before))

print("\n".join(bad))
sys.exit(bool(bad))
