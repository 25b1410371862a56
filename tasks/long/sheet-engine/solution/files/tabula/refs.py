"""Names of cells and ranges. Columns go from A to ZZ, rows from 1 to 9999."""

import re

CELL = re.compile(r"\$?([A-Za-z]{1,2})\$?([1-9][0-9]{0,3})")
RANGE = re.compile(CELL.pattern + ":" + CELL.pattern)
COLUMNS, ROWS = 702, 9999


def is_cell(text):
    return CELL.fullmatch(text) is not None


def is_range(text):
    return RANGE.fullmatch(text) is not None


def column_number(letters):
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number):
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def plain(name):
    """The name of a cell as the sheet knows it: capitals, no dollars."""
    return name.replace("$", "").upper()


def split(name):
    """Letters of the column and number of the row."""
    letters, row = CELL.fullmatch(name).groups()
    return letters.upper(), int(row)


def position(name):
    """Row and column as numbers: how cells are sorted."""
    letters, row = split(name)
    return row, column_number(letters)


def name_at(row, column):
    return column_letters(column) + str(row)


def corners(text):
    """First row, first column, last row and last column of a range or a cell, whichever corners it names."""
    first, _, last = text.partition(":")
    (row, column), (other_row, other_column) = position(first), position(last or first)
    return min(row, other_row), min(column, other_column), max(row, other_row), max(column, other_column)


def cells(text):
    """The names in a range, as rows of names; of a single cell, itself."""
    top, left, bottom, right = corners(text)
    return [[name_at(row, column) for column in range(left, right + 1)] for row in range(top, bottom + 1)]
