"""A request to rows."""

from . import words
from .query import statement


def handle(db, params):
    if params.get("q"):
        words.note(db, params["q"])
    return [dict(row) for row in db.execute(statement(params))]
