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


def cells(text):
    """The names in a range, as rows of names; of a single cell, itself."""
    first, _, last = text.partition(":")
    left, top = split(first)
    right, bottom = split(last or first)
    rows = []
    for row in range(top, bottom + 1):
        names, column = [], left
        while column <= right:
            names.append(column + str(row))
            column = column_letters(column_number(column) + 1)
        rows.append(names)
    return rows
