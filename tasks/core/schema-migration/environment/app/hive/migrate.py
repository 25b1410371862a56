"""From one format to the next."""

import sys

from . import store


def date(text):
    # years have four digits, the app never wrote others
    day, month, year = text.split(".")
    return f"{year}-{int(month):02}-{int(day):02}"


def from_1(data):
    visits = []
    for visit in data:
        weight = visit["weight"].replace(",", ".")
        visits.append(
            {
                "hive": visit["hive"],
                "date": date(visit["date"]),
                "weight_kg": float(weight) if weight else None,
                "note": visit["note"],
            }
        )
    return {"format": 2, "visits": visits}


STEPS = {1: from_1}


def files(paths):
    """Migrates files; the exit code."""
    for path in paths:
        data = store.read(path)
        before = data["format"] if isinstance(data, dict) else 1
        now = before
        while now in STEPS:
            data = STEPS[now](data)
            now = data["format"]
            store.save(path, data)
        print(f"{path}: {before} -> {now}", file=sys.stdout)
    return 0
