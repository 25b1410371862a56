"""How names are compared."""

import functools
import re


def natural(a, b):
    """Less than, equal to or greater than 0: numbers as numbers, small letters as large ones, then as text."""

    def parts(name):
        return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.findall(r"[0-9]+|[^0-9]+", name)]

    left, right = (parts(a), a), (parts(b), b)
    return (left > right) - (left < right)


def by(compare=natural):
    """A key for sorting by a comparison."""
    return functools.cmp_to_key(compare)
