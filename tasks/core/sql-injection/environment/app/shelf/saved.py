"""Searches that readers keep."""

import json

from .app import handle
from .errors import BadRequest


def save(db, reader, name, params):
    db.execute("DELETE FROM saved WHERE reader = ? AND name = ?", (reader, name))
    db.execute("INSERT INTO saved VALUES (?, ?, ?)", (reader, name, json.dumps(params)))


def names(db, reader):
    return [name for (name,) in db.execute("SELECT name FROM saved WHERE reader = ? ORDER BY name", (reader,))]


def run(db, reader, name):
    row = db.execute("SELECT params FROM saved WHERE reader = '%s' AND name = '%s'" % (reader, name)).fetchone()
    if row is None:
        raise BadRequest(f"no search of that name: {name}")
    return handle(db, json.loads(row[0]))
