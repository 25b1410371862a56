"""Answers questions, one a line on stdin, with the package that the argument names the folder of."""

import importlib
import json
import sys

folder, package = sys.argv[1:]
sys.path.append(folder)  # after the standard library
modules = {name: importlib.import_module(f"{package}.{name}") for name in ("server", "worker", "migrate")}
config = importlib.import_module(f"{package}.config") if package == "harbor" else None

for line in sys.stdin:
    what, program, text, env = json.loads(line)
    try:
        if what == "explain":
            answer = config.explain(program, text, env)
        elif what == "config":
            answer = config.settings(program, text, env)
        else:
            answer = modules[program].settings(text, env)
        answer = {key: [type(value).__name__, value] for key, value in answer.items()}
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer, sort_keys=True), flush=True)
