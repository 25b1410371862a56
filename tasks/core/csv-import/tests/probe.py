"""Imports files, one a line on stdin as a list of byte values, with the project under /app; answers with JSON."""

import json
import sys

sys.path.append("/app")  # after the standard library

from roster import BadFile, load

for line in sys.stdin:
    try:
        members, problems = load(bytes(json.loads(line)))
        answer = [[[m["name"], m["email"], m["phone"], m["note"]] for m in members], [list(p) for p in problems]]
        if any(len(m) != 4 for m in members):
            answer = "too many fields"
    except BadFile as why:
        answer = str(why)
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
