"""Lists."""

from collections import namedtuple

from .money import cents

Entry = namedtuple("Entry", "name cents category")


def entries(lines):
    """The entries of a list; comments and blank lines are none."""
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        name, amount, *category = line.split(";")
        yield Entry(name, cents(amount), category[0].strip() if category else None)
