"""Runs commands of the package under /app, one JSON list (command, arguments, lines) a line on stdin; answers with JSON."""

import importlib
import json
import sys

sys.path.append("/app")  # after the standard library

for line in sys.stdin:
    command, args, lines = json.loads(line)
    try:
        module = importlib.import_module("inikit.commands." + command.replace("-", "_"))
        output, code = module.run(args, lines)
        answer = [list(output), int(code)]
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
