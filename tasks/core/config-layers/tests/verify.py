"""Compares the programs with the code as it was, and explain() with what it has to say. Imports nothing from /app."""

import ast
import json
import subprocess
import sys

FILES = [
    "", "# nothing\n\n", "port = 81\n", "port = tcp:82", "PORT=83\nport = 84 # last\n", "port = x", "workers = tcp:3", "port =\n", "port = 9\nport =\n",
    "prefix = /a#b\n", "prefix =", "host = a = b", "timeout = 12\n", "timeout = 1.5\n", "debug = true", "debug = TRUE", "debug = yes", "debug = 1", "debug = false\ndebug =",
    "queue = bills\ndatabase = a.db\n", "colour = red\n", "just words", "= value", "queue", "workers = 0", "workers = -3\n", "database = a.db\ndatabase =\n", "Database = B.db",
    "timeout = 1\r\nworkers = 6\r\n", "\tdebug\t=\ttrue\t",
]
ENVS = [
    {}, {"HARBOR_PORT": "90"}, {"HARBOR_PORT": "tcp:90"}, {"HARBOR_PORT": ""}, {"HARBOR_PREFIX": ""}, {"HARBOR_PREFIX": "/x"}, {"HARBOR_HOST": ""},
    {"HARBOR_DEBUG": "YES"}, {"HARBOR_DEBUG": "off"}, {"HARBOR_DEBUG": ""}, {"HARBOR_DEBUG": " true"}, {"HARBOR_WORKERS": "0"}, {"HARBOR_WORKERS": "-2"}, {"HARBOR_WORKERS": "x"},
    {"HARBOR_WORKER_WORKERS": "7", "HARBOR_WORKERS": "8"}, {"HARBOR_WORKER_WORKERS": "", "HARBOR_WORKERS": "8"}, {"HARBOR_WORKER_DEBUG": "on"}, {"HARBOR_WORKER_TIMEOUT": "4", "HARBOR_TIMEOUT_MS": "5"},
    {"HARBOR_TIMEOUT": "6"}, {"HARBOR_TIMEOUT_MS": "1250"}, {"HARBOR_TIMEOUT_MS": "1250", "HARBOR_TIMEOUT": "6"}, {"HARBOR_TIMEOUT_MS": "1250", "HARBOR_TIMEOUT": ""}, {"HARBOR_TIMEOUT_MS": ""},
    {"HARBOR_WORKER_TIMEOUT_MS": "3"}, {"HARBOR_TIMEOUT_MS": "fast"}, {"HARBOR_DATABASE": "replica.db"}, {"HARBOR_DATABASE": ""}, {"HARBOR_QUEUE": "ships"}, {"harbor_port": "1", "HARBOR_COLOUR": "red"},
    {"HARBOR_PORT": "91", "HARBOR_PREFIX": "", "HARBOR_TIMEOUT": "x"},
]
PROGRAMS = ("server", "worker", "migrate")
D = "default"
EXPLAIN = [
    ("server", "", {}, dict.fromkeys(("host", "port", "prefix", "workers", "debug", "timeout"), D)),
    ("server", "# a\n\nport = 1\nPort = 2\nworkers = 3\nworkers =\n", {"HARBOR_PREFIX": "", "HARBOR_HOST": "", "HARBOR_DEBUG": "no"},
     {"host": D, "port": "file, line 4", "prefix": "HARBOR_PREFIX", "workers": D, "debug": "HARBOR_DEBUG", "timeout": D}),
    ("server", "timeout = 3", {"HARBOR_TIMEOUT_MS": "5", "HARBOR_TIMEOUT": ""}, {"host": D, "port": D, "prefix": D, "workers": D, "debug": D, "timeout": "HARBOR_TIMEOUT_MS"}),
    ("worker", "queue = a\nport = 1\ntimeout = 9\n", {"HARBOR_WORKER_WORKERS": "", "HARBOR_WORKERS": "2", "HARBOR_WORKER_DEBUG": "0", "HARBOR_DEBUG": "1"},
     {"queue": "file, line 1", "workers": "HARBOR_WORKERS", "debug": "HARBOR_WORKER_DEBUG", "timeout": "file, line 3"}),
    ("worker", "", {"HARBOR_TIMEOUT": "1", "HARBOR_TIMEOUT_MS": "2"}, {"queue": D, "workers": D, "debug": D, "timeout": "HARBOR_TIMEOUT"}),
    ("migrate", "\ndatabase = a", {"HARBOR_DATABASE": "b"}, {"database": "file, line 2", "debug": D, "timeout": D}),
    ("migrate", "timeout = 2", {"HARBOR_DATABASE": "b", "HARBOR_TIMEOUT": "3"}, {"database": "HARBOR_DATABASE", "debug": D, "timeout": "HARBOR_TIMEOUT"}),
]

asked = [("settings", program, text, env) for program in PROGRAMS for text in FILES for env in ENVS]
more = [("config", program, text, env) for program in PROGRAMS for text in FILES for env in ENVS[::3]]
lines = lambda questions: "".join(json.dumps(question) + "\n" for question in questions)


def ask(folder, package, questions):
    command = [sys.executable, "-I", "/tests/probe.py", folder, package]
    done = subprocess.run(command, cwd="/", input=lines(questions), capture_output=True, text=True, timeout=60)
    answers = done.stdout.splitlines()
    if len(answers) != len(questions):
        sys.exit(f"{len(answers)} answers to {len(questions)} questions\n{done.stderr[-2000:]}")
    return [json.loads(answer) for answer in answers]


same = [("settings", *question[1:]) for question in more]
want = ask("/tests", "old", asked + same)
found = ask("/app", "harbor", asked + more)
bad = [(question, a, b) for question, a, b in zip(asked + more, want, found) if a != b]
told = ask("/app", "harbor", [("explain", program, text, env) for program, text, env, _ in EXPLAIN])
for (program, text, env, sources), answer in zip(EXPLAIN, told):
    if answer != {key: ["str", source] for key, source in sources.items()}:
        bad.append((("explain", program, text, env), sources, answer))
for question, a, b in bad[:6]:
    print(f"{question}:\n  wanted {a}\n  found  {b}")
for name in PROGRAMS:
    with open(f"/app/harbor/{name}.py", encoding="utf-8") as file:
        text = file.read()
    if "HARBOR_" in text or sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(text))) > 8:
        bad.append(name)
        print(f"{name}.py still reads settings itself")
print(f"{len(bad)} wrong")
sys.exit(1 if bad else 0)
