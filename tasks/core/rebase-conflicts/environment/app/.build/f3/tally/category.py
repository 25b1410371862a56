"""Totals by category."""

from .money import parse, show


def by_category(lines):
    """A line for each category, the largest first; what has none is `other`."""
    found = {}
    for line in lines:
        _, amount, *category = line.split(";")
        name = category[0].strip() if category else "other"
        found[name] = found.get(name, 0) + parse(amount)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(f"{name}: {show(cents)}" for name, cents in ordered)
