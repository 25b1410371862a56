"""The store: items, each on a shelf."""

import json
import os


def path():
    return os.environ.get("DEPOT") or "depot.json"


def load():
    """Each item's shelf and count."""
    if not os.path.exists(path()):
        return {}
    with open(path(), encoding="utf-8") as file:
        return json.load(file)


def save(items):
    with open(path(), "w", encoding="utf-8") as file:
        json.dump(items, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.write("\n")
