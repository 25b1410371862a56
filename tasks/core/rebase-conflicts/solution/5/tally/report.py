"""Reports."""

from .money import show
from .read import entries


def report(lines):
    """A line for each name, and for each category where it has one; then how many refunds there were."""
    totals, refunds = {}, 0
    for entry in entries(lines):
        refunds += entry.cents < 0
        key = entry.name if entry.category is None else f"{entry.name} ({entry.category})"
        totals[key] = totals.get(key, 0) + entry.cents
    text = "\n".join(f"{name}: {show(amount)}" for name, amount in sorted(totals.items()))
    return f"{text}\nrefunds: {refunds}" if refunds else text
