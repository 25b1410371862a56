"""Functions for single numbers."""

import math

from ..errors import DIV0, NUM, VALUE, Error
from ..formats import rounded as decimal
from ..values import Range, number
from . import function


def numeric(call):
    """Arguments as numbers; where one can't be, its error."""

    def wrapped(*given):
        numbers = [VALUE if isinstance(value, Range) else number(value) for value in given]
        for value in numbers:
            if isinstance(value, Error):
                return value
        return call(*numbers)

    return wrapped


@function("ABS", 1, 1)
@numeric
def absolute(value):
    return abs(value)


@function("INT", 1, 1)
@numeric
def whole(value):
    """Down to the next whole number, for negative ones too."""
    return float(math.floor(value))


@function("ROUND", 1, 2)
@numeric
def rounded(value, digits=0.0):
    return float(decimal(value, int(digits)))


@function("MOD", 2, 2)
@numeric
def modulo(value, by):
    """With the sign of the divisor."""
    return value % by if by else DIV0


@function("SQRT", 1, 1)
@numeric
def root(value):
    return math.sqrt(value) if value >= 0 else NUM


@function("LOG10", 1, 1)
@numeric
def logarithm(value):
    return math.log10(value) if value > 0 else NUM


@function("SIGN", 1, 1)
@numeric
def sign(value):
    return float((value > 0) - (value < 0))
