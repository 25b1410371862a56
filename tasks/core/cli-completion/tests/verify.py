"""Runs depot in processes of its own, each a fork of one that knows no answers, with stores of ours and, at times, a longer
table of commands."""

import json
import os
import subprocess
import sys
import tempfile

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
DRIVER = """
import json, os, runpy, sys
cases = json.load(sys.stdin)
found = []
for words, more, path in cases:
    ends = [os.path.join(os.getcwd(), name) for name in ("out", "err")]
    child = os.fork()
    if child == 0:
        try:
            for number, end in enumerate(ends, 1):
                os.dup2(os.open(end, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            os.environ["DEPOT"] = path
            sys.path.append("/app")
            if more:
                from depot import commands
                from depot.commands import Argument, Command, Option
                exec(more)
            sys.argv = ["depot", *words]
            runpy.run_module("depot", run_name="__main__")
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    _, status = os.waitpid(child, 0)
    found.append([*(open(end, encoding="utf-8", errors="replace").read() for end in ends), os.waitstatus_to_exitcode(status)])
print(json.dumps(found))
"""
MORE = """
commands.COMMANDS += [
    Command("lend", lambda a, o: print("lent", a, o), "Lends items to somebody", (Argument("WHO"), Argument("ITEM", "item")),
            (Option("--until", "when they come back", "DAY"), Option("--state", "how they are", "STATE", choices=("new", "worn", "broken"), repeat=True), Option("--quiet", "no mail")), ("give", "out"), many=True),
    Command("audit", lambda a, o: None, "Counts a shelf", (Argument("SHELF", "shelf"),), hidden=True),
    Command("zap", lambda a, o: None, "Does nothing"),
]
"""
STORE = {"blue paint": {"count": 3, "shelf": "cellar"}, "bolts": {"count": 0, "shelf": "A1"}, "Bucket": {"count": 1, "shelf": "cellar"}, "brush": {"count": 2, "shelf": "A2"}, "-odd": {"count": 1, "shelf": "A1 b"}}
bad = []
place = tempfile.mkdtemp()
cases, wanted = [], []


def prints(words, want, more=False, store=STORE, err="", code=0):
    path = os.path.join(place, f"store {len(cases)}.json")
    if store is not None:
        with open(path, "w") as file:
            file.write(store if isinstance(store, str) else json.dumps(store))
    cases.append((words, MORE if more else "", path))
    wanted.append([want, err, code])


def completes(words, want, more=False, store=STORE):
    prints(["complete", *words], "".join(f"{word}\n" for word in want), more, store)


COMMANDS = ["add", "help", "list", "move", "remove"]
ITEMS = ["-odd", "Bucket", "blue paint", "bolts", "brush"]
SHELVES = ["A1", "A1 b", "A2", "cellar"]
completes([""], COMMANDS)
completes([], COMMANDS)
completes(["m"], ["move"])
completes(["mv"], [])
completes(["ch"], [])
completes(["L"], [])
completes(["help", ""], ["add", "list", "move", "remove"])
completes(["help", "re"], ["remove"])
completes(["help", "add", ""], [])
completes(["fly", ""], [])
completes(["fly", "-"], [])
completes(["add", ""], [])
completes(["add", "x", ""], SHELVES)
completes(["add", "x", "c"], ["cellar"])
completes(["add", "x", "y", ""], [])
completes(["add", "--count", "3", "x", "A"], ["A1", "A1 b", "A2"])
completes(["add", "--count=3", "x", "A"], ["A1", "A1 b", "A2"])
completes(["add", "--count", ""], [])
completes(["add", "-"], ["--count", "--help"])
completes(["add", "--count", "3", "-"], ["--help"])
completes(["add", "--count=3", "--"], ["--help"])
completes(["move", "b"], ["blue paint", "bolts", "brush"])
completes(["move", "B"], ["Bucket"])
completes(["mv", "brush", ""], SHELVES)
completes(["move", "brush", "A1", ""], [])
completes(["remove", ""], [item for item in ITEMS])
completes(["rm", "bolts", "Bucket", ""], ["-odd", "blue paint", "brush"])
completes(["rm", "bolts", "--force", "b"], ["blue paint", "brush"])
completes(["rm", "--", "-"], ["-odd"])
completes(["rm", "--", "--force", "bo"], ["bolts"])
completes(["rm", "-"], ["--force", "--help"])
completes(["list", ""], [])
completes(["list", "--"], ["--format", "--help", "--shelf"])
completes(["list", "--shelf", "A1", "--"], ["--format", "--help", "--shelf"])
completes(["list", "--format", "csv", "--"], ["--help", "--shelf"])
completes(["list", "--format", ""], ["csv", "text"])
completes(["ls", "--format", "c"], ["csv"])
completes(["list", "--format="], ["--format=csv", "--format=text"])
completes(["list", "--format=t"], ["--format=text"])
completes(["list", "--shelf="], [f"--shelf={shelf}" for shelf in SHELVES])
completes(["list", "--shelf", "cellar", "--shelf", "c"], ["cellar"])
completes(["list", "--size="], [])
completes(["check", ""], [])
completes(["check", "-"], ["--help"])
for store in (None, "", "{", "[]", '{"a": 3}', '"text"'):
    completes(["mv", "x", ""], [], store=store)
    completes(["list", "--shelf", ""], [], store=store)
completes(["mo"], ["move"], store="{")
completes([""], ["add", "help", "lend", "list", "move", "remove", "zap"], True)
completes(["give", "Ana", "bolts", ""], ["-odd", "Bucket", "blue paint", "brush"], True)
completes(["lend", ""], [], True)
completes(["lend", "--state", "new", "--quiet", "-"], ["--help", "--state", "--until"], True)
completes(["out", "--until", "1.5.", "--state=w"], ["--state=worn"], True)
completes(["lend", "--until", "1.5.", "Ana", "bo"], ["bolts"], True)
completes(["audit", "A"], ["A1", "A1 b", "A2"], True)
completes(["zap", ""], [], True)

LIST = "  add          Puts an item on a shelf\n  list (ls)    Lists what is there\n  move (mv)    Moves an item to another shelf\n  remove (rm)  Takes items out\n"
MORE_LIST = "  add               Puts an item on a shelf\n  lend (give, out)  Lends items to somebody\n  list (ls)         Lists what is there\n  move (mv)         Moves an item to another shelf\n  remove (rm)       Takes items out\n  zap               Does nothing\n"
LS = "usage: depot list [--shelf SHELF]... [--format text|csv]\n\nLists what is there\n\n  --shelf SHELF      only this shelf\n  --format text|csv  how it is printed\n"
MV = "usage: depot move ITEM SHELF\n\nMoves an item to another shelf\n"
LEND = "usage: depot lend WHO ITEM... [--until DAY] [--state new|worn|broken]... [--quiet]\n\nLends items to somebody\n\n  --until DAY              when they come back\n  --state new|worn|broken  how they are\n  --quiet                  no mail\n"
prints(["help"], LIST)
prints(["help"], MORE_LIST, True)
prints(["help", "ls"], LS)
prints(["list", "--help"], LS)
prints(["list", "--format", "csv", "--help"], LS)
prints(["help", "mv"], MV)
prints(["mv", "--help"], MV)
prints(["move", "a", "--help"], MV)
prints(["help", "check"], "usage: depot check\n\nSays what has run out\n")
prints(["help", "remove"], "usage: depot remove ITEM... [--force]\n\nTakes items out\n\n  --force  don't mind those that aren't there\n")
prints(["help", "add"], "usage: depot add ITEM SHELF [--count N]\n\nPuts an item on a shelf\n\n  --count N  how many there are\n")
prints(["help", "give"], LEND, True)
prints(["help", "fly"], "", err="depot: no command is called fly\n", code=2)
prints(["help"], LIST, store="{")
prints(["lend", "Ana", "bolts", "--state", "new", "--state=worn"], "lent ['Ana', 'bolts'] {'--state': ['new', 'worn']}\n", True)
prints(["rm", "--", "--help"], "", err="depot: no item is called --help\n", code=2)
prints(["list"], "-odd  A1 b  1\nBucket  cellar  1\nblue paint  cellar  3\nbolts  A1  0\nbrush  A2  2\n")
prints(["add", "x", "y", "--count", "z"], "", err="depot: z is no number\n", code=2)
prints([], "", err="depot: which command?\n", code=2)
done = subprocess.run([sys.executable, "-I", "-c", DRIVER], input=json.dumps(cases), cwd=place, env=ENV, capture_output=True, text=True, timeout=100)
try:
    found = json.loads(done.stdout)
except ValueError:
    found = []
if len(found) != len(cases):
    bad.append(f"only {len(found)} of {len(cases)} cases ran: {done.stderr[-300:]}")
for (words, more, _), want, got in zip(cases, wanted, found):
    if got != want:
        bad.append(f"{words} {'with more commands' if more else ''}: wanted {want!r}, found {got!r}")
print("\n".join(bad))
sys.exit(bool(bad))
