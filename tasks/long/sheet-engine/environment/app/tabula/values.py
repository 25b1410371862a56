"""Values of cells: None (empty), float, bool, str and Error; and ranges of them. How one kind is taken for another."""

import re

from .errors import VALUE, Error
from .formats import general

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


class Range:
    """The values of a range, row by row."""

    def __init__(self, rows):
        self.rows = rows

    def flat(self):
        return [value for row in self.rows for value in row]


def number(value):
    """As a number, or an error."""
    if value is None:
        return 0.0
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return float(value)
    return VALUE


def text(value):
    """As a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return general(value)
    return value.code if isinstance(value, Error) else value


def truth(value):
    """As a condition, or an error."""
    if isinstance(value, str) and value.upper() in ("TRUE", "FALSE"):
        return value.upper() == "TRUE"
    result = number(value)
    return result if isinstance(result, Error) else result != 0


def rank(value):
    return 2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0


def compare(left, right):
    """-1, 0 or 1. Numbers stand before texts, texts before TRUE and FALSE; the case of texts doesn't count; an empty cell is like the
    zero of the other side."""
    if left is None:
        left = "" if isinstance(right, str) else False if isinstance(right, bool) else 0.0
    if right is None:
        right = "" if isinstance(left, str) else False if isinstance(left, bool) else 0.0
    if rank(left) != rank(right):
        return -1 if rank(left) < rank(right) else 1
    if isinstance(left, str):
        left, right = left.lower(), right.lower()
    elif isinstance(left, Error) or isinstance(right, Error):
        return 1
    return (left > right) - (left < right)
