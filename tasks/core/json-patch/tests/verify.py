"""What comes of patches, case by case."""

import json
import subprocess
import sys

A, R, P, M, C, T = "add", "remove", "replace", "move", "copy", "test"


def op(name, path, value=None, **more):
    found = {"op": name, "path": path}
    if name in (A, P, T):
        found["value"] = value
    found.update(more)
    return found


def move(name, source, path):
    return {"op": name, "from": source, "path": path}


# document, patch, and the new document or the index of the operation that fails
CASES = [
    ({"a": 1}, [], {"a": 1}),
    ({"a": [1, 2]}, [op(A, "/a/1", 9)], {"a": [1, 9, 2]}),
    ({"a": [1, 2]}, [op(A, "/a/2", 9)], {"a": [1, 2, 9]}),
    ({"a": [1, 2]}, [op(A, "/a/-", 9)], {"a": [1, 2, 9]}),
    ({"a": [1, 2]}, [op(A, "/a/3", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/-1", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/01", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/+1", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/ 1", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/1_0", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/\u0661", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/\u00b2", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/", 9)], 0),
    ({"a": [1, 2]}, [op(A, "/a/1.0", 9)], 0),
    ({"a": {"-": 1}}, [op(P, "/a/-", 2)], {"a": {"-": 2}}),
    ({"a": {"01": 1}}, [op(R, "/a/01")], {"a": {}}),
    ({"a": 1}, [op(A, "/a", 2)], {"a": 2}),
    ({"a": 1}, [op(A, "/b/c", 2)], 0),
    ({"a": "xyz"}, [op(A, "/a/0", 2)], 0),
    ({"a": "xyz"}, [op(T, "/a/0", "x")], 0),
    ({"a": None}, [op(A, "/a/b", 2)], 0),
    ({"": {"": 3}}, [op(P, "//", 4)], {"": {"": 4}}),
    ({"a": 1}, [op(A, "", [7])], [7]),
    ({"a": 1}, [op(P, "", None)], None),
    ([1], [op(P, "", {"b": 2}), op(A, "/c", 3)], {"b": 2, "c": 3}),
    ({"a": 1}, [op(T, "", {"a": 1})], {"a": 1}),
    ([1, 2, 3], [op(R, "/1")], [1, 3]),
    ([1, 2, 3], [op(R, "/3")], 0),
    ([1, 2, 3], [op(R, "/-")], 0),
    ([1, 2, 3], [op(P, "/-", 1)], 0),
    ([1, 2, 3], [op(P, "/3", 1)], 0),
    ([1, 2, 3], [op(P, "/2", {"x": []})], [1, 2, {"x": []}]),
    ({"a": 1}, [op(P, "/b", 1)], 0),
    ({"a": 1}, [op(R, "/b")], 0),
    # escapes
    ({"a/b": 1, "m~n": 2}, [op(P, "/a~1b", 3), op(P, "/m~0n", 4)], {"a/b": 3, "m~n": 4}),
    ({"~1": 1, "/": 2}, [op(R, "/~01")], {"/": 2}),
    ({"~0": 1, "~": 2}, [op(R, "/~00")], {"~": 2}),
    ({"a~2": 1}, [op(R, "/a~2")], 0),
    ({"a~": 1}, [op(R, "/a~")], 0),
    ({"a": 1}, [op(A, "b", 2)], 0),
    ({"a": {"b": 1}}, [op(R, "/a/")], 0),
    ({"ä": {"€": 1}}, [op(P, "/ä/€", 2)], {"ä": {"€": 2}}),
    # move and copy
    ({"a": {"b": 1}, "c": {}}, [move(M, "/a/b", "/c/d")], {"a": {}, "c": {"d": 1}}),
    ([1, 2, 3, 4], [move(M, "/0", "/2")], [2, 3, 1, 4]),
    ([1, 2, 3, 4], [move(M, "/0", "/3")], [2, 3, 4, 1]),
    ([1, 2, 3, 4], [move(M, "/0", "/4")], 0),
    ([1, 2, 3], [move(M, "/0", "/-")], [2, 3, 1]),
    ({"a": {"b": 1}}, [move(M, "/a", "/a/b")], 0),
    ({"a": {"b": 1}}, [move(M, "/a", "/a")], {"a": {"b": 1}}),
    ({"a": {"b": 1}, "ab": 2}, [move(M, "/a", "/ab")], {"ab": {"b": 1}}),
    ({"a": 1}, [move(M, "", "/a")], 0),
    ({"a": {"b": [1]}}, [move(M, "/a/b", "/a")], {"a": [1]}),
    ({"a": {"b": [1]}}, [move(M, "/a/b", "")], [1]),
    ({"a": 1}, [move(M, "/b", "/c")], 0),
    ({"a": {"x": 1}}, [move(C, "/a", "/b"), op(A, "/b/y", 2)], {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
    ({"a": {"x": 1}}, [move(C, "/a", "/a/self")], {"a": {"x": 1, "self": {"x": 1}}}),
    ({"a": [1]}, [move(C, "", "/a/0")], {"a": [{"a": [1]}, 1]}),
    ([[1]], [move(C, "/0", "/-"), op(A, "/0/-", 2)], [[1, 2], [1]]),
    ([1], [move(C, "/-", "/0")], 0),
    ({}, [op(A, "/a", {"x": []}), op(A, "/a/x/-", 1), op(A, "/b", {"x": []})], {"a": {"x": [1]}, "b": {"x": []}}),
    # test
    ({"a": 1}, [op(T, "/a", 1.0)], {"a": 1}),
    ({"a": 1}, [op(T, "/a", True)], 0),
    ({"a": False}, [op(T, "/a", 0)], 0),
    ({"a": [0, {"b": True}]}, [op(T, "/a", [0, {"b": 1}])], 0),
    ({"a": [0, {"b": True}]}, [op(T, "/a", [False, {"b": True}])], 0),
    ({"a": {"x": 1, "y": [2]}}, [op(T, "/a", {"y": [2.0], "x": 1})], {"a": {"x": 1, "y": [2]}}),
    ({"a": {"x": 1}}, [op(T, "/a", {"x": 1, "y": 2})], 0),
    ({"a": [1, 2]}, [op(T, "/a", [1])], 0),
    ({"a": "1"}, [op(T, "/a", 1)], 0),
    ({"a": None}, [op(T, "/a", None)], {"a": None}),
    ({"a": None}, [op(T, "/b", None)], 0),
    ({"a": ""}, [op(T, "/a", None)], 0),
    # all or nothing
    ({"a": [1], "b": 2}, [op(A, "/a/-", 2), op(R, "/b"), op(T, "/b", 2)], 2),
    ({"a": {"b": {"c": 1}}}, [op(P, "/a/b/c", 2), op(R, "/a/x")], 1),
    ({"a": [3, 4]}, [move(M, "/a/0", "/a/1"), move(M, "/a/5", "/a/0")], 1),
    ([], [op(A, "/0", 1), op(A, "/0", 2), op(A, "/3", 3)], 2),
    # what is no operation
    ({"a": 1}, [{"op": "add", "path": "/b"}], 0),
    ({"a": 1}, [op(A, "/b", 2), {"op": "test", "path": "/a"}], 1),
    ({"a": 1}, [{"op": "copy", "path": "/b"}], 0),
    ({"a": 1}, [{"op": "Add", "path": "/b", "value": 1}], 0),
    ({"a": 1}, [{"path": "/b", "value": 1}], 0),
    ({"a": 1}, [{"op": "remove"}], 0),
    ({"a": 1}, [{"op": "remove", "path": None}], 0),
    ({"a": 1}, [{"op": "remove", "path": ["a"]}], 0),
    ({"a": 1}, [{"op": ["remove"], "path": "/a"}], 0),
    ({"a": 1}, [op(A, "/b", 2), "remove"], 1),
    ({"a": 1}, [{"op": "remove", "path": "/a", "comment": "old", "value": 3}], {}),
    ({"a": 1}, [dict(op(A, "/b", 2), **{"from": "/c"})], {"a": 1, "b": 2}),
    ({"a": 1}, [dict(op(A, "/b", None), comment=["x"])], {"a": 1, "b": None}),
]

asked = [{"document": json.dumps(document), "patch": json.dumps(patch)} for document, patch, _ in CASES]
run = subprocess.run(
    [sys.executable, "-I", "/tests/worker.py"], input=json.dumps(asked), capture_output=True, text=True, timeout=60, cwd="/"
)
try:
    got = json.loads(run.stdout)
except ValueError:
    print(run.stdout[-2000:], run.stderr[-2000:])
    sys.exit(1)

bad = 0 if len(got) == len(CASES) else 1
for (document, patch, want), found in zip(CASES, got):
    before = json.dumps(document, sort_keys=True)
    fails = isinstance(want, int) and not isinstance(want, bool)
    after = before if fails else json.dumps(want, sort_keys=True)
    wanted = ["fails", want, True, "refused", before] if fails else ["result", after, True, "written", after]
    if found != wanted + [["it.json"]]:
        bad += 1
        print(f"not so: {json.dumps(patch)} on {before}\n  wanted: {wanted}\n  found:  {found}")
sys.exit(bool(bad))
