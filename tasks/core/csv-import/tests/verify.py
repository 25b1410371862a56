"""Asks the probe to import files and compares the answers, then runs the command. Imports nothing from /app."""

import json
import os
import subprocess
import sys
import tempfile


def m(name, note="", phone=""):
    return [name, f"{name.lower()}@x.org", phone, note]


CASES = [
    # text or bytes, members, problems (or the reason why the file is of no use)
    ("name,email\nA,a@x.org\nB,b@x.org\n", [m("A"), m("B")], []),
    ("name,email\nA,a@x.org\nB,b@x.org", [m("A"), m("B")], []),
    ("\ufeffname,email\r\nA,a@x.org\r\n", [m("A")], []),
    ("\ufeff\"name\",email\nA,a@x.org\n", [m("A")], []),
    ("\n  \r\nEMAIL ; Name\n\n a@x.org ;  A \n", [m("A")], []),
    ("note\tname\tother\temail\tphone\n,;|\tA\t1\ta@x.org\t2\n", [["A", "a@x.org", "2", ",;|"]], []),
    ("name|email|note\nA|a@x.org|1, 2, 3, 4\nB|b@x.org|;;;;;;\n", [m("A", "1, 2, 3, 4"), m("B", ";;;;;;")], []),
    # the delimiter: in the header, outside quotes, and by order where two are as frequent
    ('"a, b, c, d";name;email\nx;A;a@x.org\n', [m("A")], []),
    ('name;email;"with\n,,,,, in two lines"\nA;a@x.org;\n', [m("A")], []),
    ("name,email;x\nA,a@x.org\n", "missing column: email", None),
    ("name;email\nA;a@x,b\n", [], [[2, "bad email: a@x,b"]]),
    # quotes
    ('name,email,note\nA,a@x.org,"1, 2"\nB,b@x.org,"say ""hi"""\nC,c@x.org,""""\nD,d@x.org,""\n', [m("A", "1, 2"), m("B", 'say "hi"'), m("C", '"'), m("D")], []),
    ('name,email,note\nA,a@x.org,"  kept  "\nB,b@x.org,  "kept " \nC,c@x.org,  lost  \n', [m("A", "  kept  "), m("B", "kept "), m("C", "lost")], []),
    ('name,email,note\nA,a@x.org,5" pipe\nB,b@x.org,a "b" c\n', [m("A", '5" pipe'), m("B", 'a "b" c')], []),
    ('name,email,note\nA,a@x.org,"one\n\n  two\n"\nB,b@x.org,\n', [m("A", "one\n\n  two\n"), m("B")], []),
    ('name,email,note\r\nA,a@x.org,"one\r\ntwo"\r\nB,b@x.org,x\r\n', [m("A", "one\ntwo"), m("B", "x")], []),
    ("name,email,note\nA,a@x.org,form\x0cfeed\nB,b@x.org,sep\u2028arator\x85 and\n", [m("A", "form\x0cfeed"), m("B", "sep\u2028arator\x85 and")], []),
    # bad rows and their lines
    ("name,email\nA\nB,b@x.org\nC,c@x.org,\n,d@x.org\nE,e@x\n", [m("B")], [[2, "1 fields instead of 2"], [4, "3 fields instead of 2"], [5, "no name"], [6, "bad email: e@x"]]),
    ('name,email,note\nA,a@x.org,"1\n2\n3"\nB,nowhere,"4\n5"\nC,c@x.org,\nD,,x\n', [m("A", "1\n2\n3"), m("C")], [[5, "bad email: nowhere"], [8, "bad email: "]]),
    ('\n\nname,email,note\n\n\nA,a@x.org,"1\n\n2"\n\n,b@x.org,"\n\n"\n"",c@x.org\n', [m("A", "1\n\n2")], [[10, "no name"], [13, "2 fields instead of 3"]]),
    ('\r\nname,email,note\r\n\r\nA,a,"1\r\n2"\r\n\r\nB,b,\r\n', [], [[4, "bad email: a"], [7, "bad email: b"]]),
    ('name,email,"the\nnote"\nA,a,b\n', [], [[3, "bad email: a"]]),
    ('name,email\nA,a@x.org\nB,"b@x.org\nC,c@x.org\n', [m("A")], [[3, "a quote is never closed"]]),
    ('name,email\nA,"a@x.org', [], [[2, "a quote is never closed"]]),
    ("name,email\nA,a@x.org\nA,A@X.ORG\n\na,a@x.ORG\n", [m("A")], [[3, "email twice: a@x.org (line 2)"], [5, "email twice: a@x.org (line 2)"]]),
    ('name,email,note\nA,A@x.org,"\n"\nB,b@x.org,\nC,a@X.org,\n,b@x.org,\n', [m("A", "\n"), m("B")], [[5, "email twice: a@x.org (line 2)"], [6, "no name"]]),
    ("name,email\n,a@x.org\nA,a@x.org\n", [m("A")], [[2, "no name"]]),
    ("name,email\nA,a@x.org,1\nA,a@x.org\n", [m("A")], [[2, "3 fields instead of 2"]]),
    # files that are of no use
    ("", "the file is empty", None),
    ("\ufeff", "the file is empty", None),
    ("\n   \n\r\n", "the file is empty", None),
    ("name,mail\nA,a@x.org\n", "missing column: email", None),
    ("e-mail,email\nA,a@x.org\n", "missing column: name", None),
    (b"name,email\nJos\xe9,a@x.org\n", "not UTF-8", None),
    ("name,email\n", [], []),
]
files = [text if isinstance(text, bytes) else text.encode() for text, _, _ in CASES]
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def run(arguments, text=""):
    return subprocess.run([sys.executable, "-I", *arguments], cwd="/", env=ENV, input=text, capture_output=True, text=True, timeout=60)


done = run(["/tests/probe.py"], "".join(json.dumps(list(data)) + "\n" for data in files))
lines = done.stdout.splitlines()
if len(lines) != len(CASES):
    sys.exit(f"{len(lines)} answers to {len(CASES)} files\n{done.stderr[-2000:]}")
bad = 0
for (text, members, problems), line in zip(CASES, lines):
    want = members if problems is None else [members, problems]
    if json.loads(line) != want:
        bad += 1
        print(f"{text!r}:\n  wanted {want}\n  found  {line}")

COMMAND = "import runpy, sys; sys.path.append('/app'); sys.argv[:] = ['roster', sys.argv[1]]; runpy.run_module('roster', run_name='__main__')"
with tempfile.TemporaryDirectory() as folder:
    for data, out, err, code in [
        (files[0], 2, "", 0),
        (files[17], 1, "F:2: 1 fields instead of 2\nF:4: 3 fields instead of 2\nF:5: no name\nF:6: bad email: e@x\n", 1),
        (b"", 0, "F: the file is empty\n", 2),
    ]:
        path = os.path.join(folder, "list.csv")
        with open(path, "wb") as file:
            file.write(data)
        done = run(["-c", COMMAND, path])
        if (len(done.stdout.splitlines()), done.stderr.replace(path, "F"), done.returncode) != (out, err, code):
            bad += 1
            print(f"the command on {data!r}: {done}")
print(f"{bad} wrong")
sys.exit(1 if bad else 0)
