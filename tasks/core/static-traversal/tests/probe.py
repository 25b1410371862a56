"""Sends requests, one a line on stdin, to the app under /app; answers with one JSON list a line."""

import json
import sys

sys.path.append("/app")  # after the standard library

from papershelf.app import App

for line in sys.stdin:
    root, method, target = json.loads(line)
    try:
        answer = App(root).handle(method, target)
        print(json.dumps([answer.status, bytes(answer.body).decode("latin-1"), answer.headers.get("Content-Type")]), flush=True)
    except Exception as error:
        print(json.dumps([500, type(error).__name__, None]), flush=True)
