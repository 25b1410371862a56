"""Reports."""

from .money import show
from .read import entries


def report(lines):
    """A line for each name."""
    totals = {}
    for entry in entries(lines):
        totals[entry.name] = totals.get(entry.name, 0) + entry.cents
    return "\n".join(f"{name}: {show(amount)}" for name, amount in sorted(totals.items()))
