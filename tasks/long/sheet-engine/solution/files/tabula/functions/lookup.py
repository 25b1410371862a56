"""Functions that look something up in a range."""

from ..errors import NA, REF, VALUE, Error
from ..values import Range, compare, number
from . import function


def same(value, wanted):
    return value is not None and not isinstance(value, Error) and compare(value, wanted) == 0


@function("VLOOKUP", 3, 3, looks_at="ranges")
def vertical(wanted, table, column):
    """From the first row that begins with what is wanted, the value in this column."""
    column = number(column) if not isinstance(column, Range) else VALUE
    if isinstance(column, Error):
        return column
    if not isinstance(table, Range) or isinstance(wanted, Range) or column < 1:
        return VALUE
    if int(column) > len(table.rows[0]):
        return REF
    for row in table.rows:
        if same(row[0], wanted):
            return row[int(column) - 1]
    return NA


@function("MATCH", 2, 2, looks_at="ranges")
def match(wanted, values):
    """At which place of a row or a column it stands."""
    if not isinstance(values, Range) or isinstance(wanted, Range):
        return VALUE
    for at, value in enumerate(values.flat(), 1):
        if same(value, wanted):
            return float(at)
    return NA


@function("INDEX", 2, 3, looks_at="ranges")
def index(table, row, column=1.0):
    """What stands in this row and column of a range."""
    if not isinstance(table, Range) or isinstance(row, Range) or isinstance(column, Range):
        return VALUE
    row, column = number(row), number(column)
    if isinstance(row, Error) or isinstance(column, Error):
        return row if isinstance(row, Error) else column
    if not 1 <= int(row) <= len(table.rows) or not 1 <= int(column) <= len(table.rows[0]):
        return REF
    return table.rows[int(row) - 1][int(column) - 1]


@function("ROWS", 1, 1, looks_at="ranges")
def rows(table):
    return float(len(table.rows)) if isinstance(table, Range) else 1.0


@function("COLUMNS", 1, 1, looks_at="ranges")
def columns(table):
    return float(len(table.rows[0])) if isinstance(table, Range) else 1.0
