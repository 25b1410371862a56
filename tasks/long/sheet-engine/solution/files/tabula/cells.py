"""What is typed into a cell, and what it is taken for."""

import re

from .parser import parse

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class Cell:
    """The text of a cell as it was typed, its value, and its formula, which is read here and nowhere else."""

    def __init__(self, text):
        self.text = text
        self.formula = parse(text[1:]) if text.startswith("=") else None
        self.value = None if self.formula else constant(text)

    def is_formula(self):
        return self.formula is not None


def constant(text):
    """The value of a text that is no formula. 007 is a text: it is somebody's number, but no amount."""
    if text.startswith("'"):
        return text[1:]
    if NUMBER.fullmatch(text):
        return float(text)
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    return text
