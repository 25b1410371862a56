"""Reports."""

from .money import show
from .read import entries


def report(lines):
    """A line for each name, and for each category where it has one."""
    totals = {}
    for entry in entries(lines):
        key = entry.name if entry.category is None else f"{entry.name} ({entry.category})"
        totals[key] = totals.get(key, 0) + entry.cents
    return "\n".join(f"{name}: {show(amount)}" for name, amount in sorted(totals.items()))
