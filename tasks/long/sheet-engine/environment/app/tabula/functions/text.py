"""Functions for texts."""

from .. import formats
from ..errors import VALUE, Error
from ..values import Range, number
from ..values import text as as_text
from . import function


def textual(call):
    """The first argument as a text, the others as whole numbers."""

    def wrapped(value, *counts):
        if isinstance(value, Range):
            return VALUE
        counts = [VALUE if isinstance(count, Range) else number(count) for count in counts]
        for count in counts:
            if isinstance(count, Error) or count < 0:
                return VALUE
        return call(as_text(value), *[int(count) for count in counts])

    return wrapped


function("UPPER", 1, 1)(textual(str.upper))
function("LOWER", 1, 1)(textual(str.lower))
function("TRIM", 1, 1)(textual(lambda text: " ".join(text.split())))
function("LEN", 1, 1)(textual(lambda text: float(len(text))))
function("LEFT", 1, 2)(textual(lambda text, count=1: text[:count]))
function("RIGHT", 1, 2)(textual(lambda text, count=1: text[max(0, len(text) - count):]))
function("MID", 3, 3)(textual(lambda text, start, count: text[start - 1:start - 1 + count] if start else VALUE))
function("REPT", 2, 2)(textual(lambda text, count: text * count))


@function("CONCAT", 1)
def concat(*given):
    """All arguments in a row, ranges row by row."""
    flat = [one for value in given for one in (value.flat() if isinstance(value, Range) else [value])]
    return "".join(as_text(value) for value in flat)


@function("TEXT", 2, 2)
def as_shown(value, pattern):
    """A number as a cell with this format shows it."""
    value = VALUE if isinstance(value, Range) else number(value)
    if isinstance(value, Error):
        return value
    return formats.formatted(value, pattern) if isinstance(pattern, str) and formats.known(pattern) else VALUE


@function("VALUE", 1, 1)
def as_number(value):
    return VALUE if isinstance(value, Range) else number(value)
