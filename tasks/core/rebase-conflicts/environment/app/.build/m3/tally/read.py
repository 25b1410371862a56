"""Lists."""

from collections import namedtuple

from .money import cents

Entry = namedtuple("Entry", "name cents")


def entries(lines):
    """The entries of a list; comments and blank lines are none."""
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        name, amount = line.split(";")
        yield Entry(name, cents(amount))
