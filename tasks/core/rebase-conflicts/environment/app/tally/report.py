"""Reports."""

from .money import parse, show


def totals(lines):
    """What each name paid."""
    found = {}
    for line in lines:
        name, amount = line.split(";")
        found[name] = found.get(name, 0) + parse(amount)
    return found


def report(lines):
    """A line for each name."""
    return "\n".join(f"{name}: {show(cents)}" for name, cents in sorted(totals(lines).items()))
