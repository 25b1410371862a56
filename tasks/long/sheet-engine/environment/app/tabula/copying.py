"""Copying cells: where they go, and what becomes of the references in them."""

import re

from . import refs

REFERENCE = re.compile(r"(\$?)([A-Za-z]{1,2})(\$?)([1-9][0-9]*)")


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

    def replace(match):
        dollar, letters, _, row = match.groups()
        if dollar:
            return match[0]
        return refs.column_letters(refs.column_number(letters) + columns) + str(int(row) + rows)

    return REFERENCE.sub(replace, text)
