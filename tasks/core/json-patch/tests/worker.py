"""Carries out what it reads: runs beside the code of /app, knows nothing of what is right."""

import json
import os
import sys
import tempfile

sys.path.append("/app")
from jsondoc import PatchError, Store, apply  # noqa: E402


def text(value):
    return json.dumps(value, sort_keys=True)


def one(case):
    document, operations = json.loads(case["document"]), json.loads(case["patch"])
    try:
        found = ["result", text(apply(document, operations))]
    except PatchError as error:
        found = ["fails", error.index]
    except Exception as error:
        found = ["raises", type(error).__name__]
    found.append(text(document) == text(json.loads(case["document"])) and text(operations) == text(json.loads(case["patch"])))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        store.write("it", json.loads(case["document"]))
        try:
            store.patch("it", json.loads(case["patch"]))
            found.append("written")
        except Exception:
            found.append("refused")
        found.append(text(store.read("it")))
        found.append(sorted(os.listdir(folder)))
    return found


print(json.dumps([one(case) for case in json.load(sys.stdin)]))
