"""Plays the show: code from /app runs in a process of its own and has to ask us, line by line, for every read and every
comparison; so the counts are ours. Imports nothing from /app."""

import functools
import json
import math
import random
import subprocess
import sys

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
PROBE = """
import sys, json
ask, tell = sys.stdin, sys.stdout
sys.stdout = sys.stderr
sys.path.append("/app")
from stagehand import Stuck, closure, plan

def question(*words):
    tell.write(json.dumps(words) + "\\n")
    tell.flush()
    return json.loads(ask.readline())

class Show:
    def names(self): return question("names")
    def has(self, name): return question("has", name)
    def needs(self, name): return question("needs", name)

def compare(a, b): return question("compare", a, b)

show = Show()
while True:
    job = question("next")
    if not job: break
    try:
        answer = plan(show, compare) if job[0] == "plan" else sorted(closure(show, job[1]))
    except Stuck as stuck:
        answer = ["stuck", *stuck.names]
    question("done", answer)
"""
bad = []


def compare(a, b):
    """By length, longest first, then backwards as text: no order that anybody would guess."""
    left, right = (-len(a), a[::-1]), (-len(b), b[::-1])
    return (left > right) - (left < right)


def want_plan(cues):
    key = functools.cmp_to_key(compare)
    done, seen, left = [], set(), sorted(cues, key=key)
    while left:
        first = next((name for name in left if seen.issuperset(cues[name])), None)
        if first is None:
            return ["stuck", *left]
        left.remove(first)
        done.append(first)
        seen.add(first)
    return done


def want_closure(cues, name):
    found, todo = set(), [name]
    while todo:
        for need in cues.get(todo.pop(), ()):
            if need not in found:
                found.add(need)
                todo.append(need)
    return sorted(found)


def play(jobs):
    """Each job is what, cues, most reads, most comparisons; all in one process, as in one long run."""
    child = subprocess.Popen([sys.executable, "-I", "-c", PROBE], cwd="/", env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    left, now = list(jobs), None
    counts = {}
    for line in child.stdout:
        word, *rest = json.loads(line)
        counts[word] = counts.get(word, 0) + 1
        if counts[word] > 400000:
            break
        if word == "next":
            now = left.pop(0) if left else None
            counts = {}
            answer = now[1] if now else None
        elif word == "done":
            title, job, cues, reads, most = now
            want = want_plan(cues) if job[0] == "plan" else want_closure(cues, job[1])
            if rest[0] != want:
                bad.append(f"{title}: wanted {want[:12]}, found {rest[0][:12]}")
            if counts.get("needs", 0) > reads or counts.get("names", 0) > 1 or counts.get("compare", 0) > most or counts.get("has", 0) > 4 * len(cues) + 4:
                bad.append(f"{title}: {counts}, at most {reads} reads and {most} comparisons")
            now = None
            answer = True
        elif word == "names":
            answer = names[:] if (names := list(now[2])) else []
        elif word == "has":
            answer = rest[0] in now[2]
        elif word == "needs":
            answer = now[2].get(rest[0], [])
        elif word == "compare":
            answer = compare(*rest)
        child.stdin.write(json.dumps(answer) + "\n")
        child.stdin.flush()
    child.kill()
    child.wait()
    if left or now:
        bad.append(f"it ended before {(now or left[0])[0]}")


def sort(size):
    return int(2 * size * (math.log2(max(size, 2)) + 1))


def job(title, what, cues, reads=None):
    size = len(cues)
    return (title, what, cues, size if reads is None else reads, sort(size) if what[0] == "plan" else 0)


rng = random.Random(7)
jobs = []
for size in (1, 2, 7, 40, 300):
    names = [f"cue{'x' * rng.randrange(3)} {n}" for n in range(size)]
    cues = {name: [names[rng.randrange(at)] for _ in range(rng.randrange(4))] if at else [] for at, name in enumerate(names)}
    shuffled = list(cues)
    rng.shuffle(shuffled)
    cues = {name: cues[name] for name in shuffled}
    jobs.append(job(f"plan of {size}", ["plan"], cues))
    jobs.append(job(f"closure in {size}", ["closure", names[-1]], cues))
jobs += [
    job("not round by round", ["plan"], {"a": [], "zz": ["a"], "b": [], "yyy": ["zz"]}),
    job("the same show, edited", ["plan"], {"a": ["zz"], "zz": [], "b": ["yyy"], "yyy": []}),
    job("the same show, edited: closure", ["closure", "a"], {"a": ["zz"], "zz": ["b"], "b": [], "yyy": []}),
    job("listed twice", ["plan"], {"a": ["b", "b"], "b": ["c", "c", "c"], "c": []}),
    job("nothing", ["plan"], {}),
    job("needs itself", ["plan"], {"a": ["a"], "b": [], "c": ["b"]}),
    job("needs one that isn't there", ["plan"], {"a": ["ghost"], "bb": ["a"], "c": [], "dd": ["bb", "c"]}),
    job("two rings", ["plan"], {"a": ["b"], "b": ["a"], "cc": ["dd"], "dd": ["cc"], "e": ["a", "f"], "f": []}),
    job("a closure with a ghost", ["closure", "a"], {"a": ["ghost", "b"], "b": ["ghost"]}),
    job("a closure that comes back", ["closure", "a"], {"a": ["b"], "b": ["c"], "c": ["a", "b"]}),
    job("a closure of nothing", ["closure", "a"], {"a": [], "b": ["a"]}),
]
chain = {f"{n}": [f"{n - 1}"] if n else [] for n in range(3000)}
jobs += [job("a long chain", ["plan"], chain), job("a long closure", ["closure", "2999"], chain)]
ladder = {f"{side}{n}": [f"a{n - 1}", f"b{n - 1}"] if n else [] for n in range(60) for side in "ab"}
jobs.append(job("a ladder", ["closure", "b59"], ladder))
play(jobs)
print("\n".join(bad))
sys.exit(bool(bad))
