"""From one format to the next."""

import datetime
import sys

from . import store


def date(text):
    """A day of format 1, whose years have two or four digits."""
    day, month, year = (int(part) for part in text.split("."))
    return datetime.date(year + 2000 if year < 100 else year, month, day).isoformat()


def each(visits, change):
    """The visits, each changed; an error says which one it was."""
    changed = []
    for number, visit in enumerate(visits, 1):
        try:
            changed.append(change(visit))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"visit {number}: {error!r}") from error
    return changed


def rest(entry, *known):
    """What we don't know of an entry."""
    return {key: value for key, value in entry.items() if key not in known}


def from_1(data):
    def change(visit):
        weight = (visit.get("weight") or "").strip().replace(",", ".")
        return {
            "hive": visit["hive"],
            "date": date(visit["date"]),
            "weight_kg": float(weight) if weight else None,
            "note": visit.get("note", ""),
            **rest(visit, "hive", "date", "weight", "note"),
        }

    return {"format": 2, "visits": each(data, change)}


def from_2(data):
    ids, hives = {}, []

    def change(visit):
        name = visit["hive"].strip()
        if name.casefold() not in ids:
            ids[name.casefold()] = len(ids) + 1
            hives.append({"id": len(ids), "name": name})
        weight = visit["weight_kg"]
        return {
            "hive": ids[name.casefold()],
            "date": visit["date"],
            "weight_g": None if weight is None else round(weight * 1000),
            "note": visit["note"],
            **rest(visit, "hive", "date", "weight_kg", "note"),
        }

    visits = each(data["visits"], change)
    return {**rest(data, "visits"), "format": 3, "hives": hives, "visits": visits}


def tags(note):
    return list(dict.fromkeys(word[1:].lower() for word in note.split() if word[0] == "#" and word != "#"))


def from_3(data):
    hives = [{**hive, "visits": []} for hive in data["hives"]]
    by_id = {hive["id"]: hive["visits"] for hive in hives}

    def change(visit):
        by_id[visit["hive"]].append({**rest(visit, "hive"), "tags": tags(visit["note"])})

    each(data["visits"], change)
    for visits in by_id.values():
        visits.sort(key=lambda visit: visit["date"])
    return {**rest(data, "visits"), "format": 4, "hives": hives}


STEPS = {1: from_1, 2: from_2, 3: from_3}


def one(path):
    """Migrates a file; what there is to say."""
    old, data = store.read_old(path)
    before = now = data["format"] if isinstance(data, dict) else 1
    if now == store.FORMAT:
        return f"{now} already"
    while now != store.FORMAT:
        if now not in STEPS:
            raise ValueError(f"format {now} is not one of ours")
        data = STEPS[now](data)
        now = data["format"]
    store.replace(path, data, old, f"{path}.bak-{before}")
    return f"{before} -> {now}"


def files(paths):
    """Migrates files; the exit code."""
    code = 0
    for path in paths:
        try:
            print(f"{path}: {one(path)}")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"{path}: failed: {error}", file=sys.stderr)
            code = 1
    return code
