"""Copying cells: where they go, and what becomes of the references in them."""

import re

from . import refs
from .lexer import Unreadable, tokenize

CORNER = re.compile(r"(\$?)([A-Za-z]+)(\$?)([0-9]+)")


def places(source, target):
    """Pairs of a cell that is written and the cell that it comes from. One cell fills a whole range; a range goes where the first
    cell of the target is."""
    origins, goals = refs.cells(source), refs.cells(target)
    if len(origins) == 1 and len(origins[0]) == 1:
        return [(goal, origins[0][0]) for names in goals for goal in names]
    row, column = refs.position(goals[0][0])
    pairs = []
    for down, names in enumerate(origins):
        for right, origin in enumerate(names):
            if row + down <= refs.ROWS and column + right <= refs.COLUMNS:
                pairs.append((refs.name_at(row + down, column + right), origin))
    return pairs


def distance(origin, goal):
    """Rows down and columns to the right."""
    (row, column), (new_row, new_column) = refs.position(origin), refs.position(goal)
    return new_row - row, new_column - column


def moved(text, rows, columns):
    """The text of a cell that is copied so far."""
    if not text.startswith("="):
        return text
    try:
        tokens = tokenize(text[1:])
    except Unreadable:
        return text
    parts, end = ["="], 0
    for kind, old, start in tokens:
        if kind in ("cell", "area"):
            corners = [corner(one, rows, columns) for one in old.split(":")]
            parts += [text[1 + end:1 + start], "#REF!" if None in corners else ":".join(corners)]
            end = start + len(old)
    return "".join(parts) + text[1 + end:]


def corner(text, rows, columns):
    """A reference that is copied so far; None where it leaves the sheet."""
    column_stays, letters, row_stays, row = CORNER.fullmatch(text).groups()
    down, right = (0 if row_stays else rows), (0 if column_stays else columns)
    if not down and not right:
        return text
    row, column = int(row) + down, refs.column_number(letters) + right
    if not 1 <= row <= refs.ROWS or not 1 <= column <= refs.COLUMNS:
        return None
    return column_stays + refs.column_letters(column) + row_stays + str(row)
