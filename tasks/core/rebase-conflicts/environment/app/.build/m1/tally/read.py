"""Lists."""

from collections import namedtuple

from .money import cents

Entry = namedtuple("Entry", "name cents")


def entries(lines):
    """The entries of a list."""
    for line in lines:
        name, amount = line.split(";")
        yield Entry(name, cents(amount))
