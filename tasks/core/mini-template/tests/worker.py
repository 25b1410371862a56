"""Renders what it reads: runs beside the code of /app, knows nothing of what is right."""

import json
import sys

sys.path.append("/app")
from quill import TemplateError, render  # noqa: E402


def one(template, text):
    data = json.loads(text)
    try:
        found = ["is", render(template, data)]
    except TemplateError as error:
        found = ["error", error.line, error.column]
    except Exception as error:
        found = ["raises", type(error).__name__]
    return found + [data == json.loads(text)]


print(json.dumps([one(*case) for case in json.load(sys.stdin)]))
