"""Totals by category."""

from .money import show
from .read import entries


def by_category(lines):
    """A line for each category, the largest first; what has none is `other`."""
    found = {}
    for entry in entries(lines):
        name = "other" if entry.category is None else entry.category
        found[name] = found.get(name, 0) + entry.cents
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"{name}: {show(amount)}" for name, amount in ordered)
