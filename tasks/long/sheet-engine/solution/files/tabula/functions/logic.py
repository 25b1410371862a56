"""Conditions, and questions about values."""

from ..errors import NA, VALUE, Error
from ..values import Range, number, truth
from . import function


@function("IF", 2, 3, lazy=True)
def choose_by(condition, then, otherwise=lambda: False):
    holds = condition()
    holds = VALUE if isinstance(holds, Range) else truth(holds)
    if isinstance(holds, Error):
        return holds
    return then() if holds else otherwise()


@function("IFERROR", 2, 2, lazy=True)
def unless_error(value, otherwise):
    result = value()
    return otherwise() if isinstance(result, Error) else result


@function("CHOOSE", 2, None, lazy=True)
def choose(which, *values):
    which = which()
    which = VALUE if isinstance(which, Range) else number(which)
    if isinstance(which, Error):
        return which
    return values[int(which) - 1]() if 1 <= int(which) <= len(values) else VALUE


def conditions(given):
    """All arguments as conditions; of a range only what isn't empty and no text."""
    found = []
    for value in given:
        flat = [one for one in value.flat() if one is not None and not isinstance(one, str)] if isinstance(value, Range) else [value]
        found += [truth(one) for one in flat]
    return found


@function("AND", 1)
def all_of(*given):
    found = conditions(given)
    return next((one for one in found if isinstance(one, Error)), None) or all(found)


@function("OR", 1)
def any_of(*given):
    found = conditions(given)
    return next((one for one in found if isinstance(one, Error)), None) or any(found)


@function("NOT", 1, 1)
def negated(value):
    holds = VALUE if isinstance(value, Range) else truth(value)
    return holds if isinstance(holds, Error) else not holds


@function("ISERROR", 1, 1, looks_at="errors")
def is_error(value):
    return isinstance(value, Error)


@function("ISNUMBER", 1, 1, looks_at="errors")
def is_number(value):
    return isinstance(value, float)


@function("ISBLANK", 1, 1, looks_at="errors")
def is_blank(value):
    return value is None


@function("NA", 0, 0)
def not_available():
    return NA
