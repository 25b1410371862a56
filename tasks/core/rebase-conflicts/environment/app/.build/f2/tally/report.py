"""Reports."""

from .money import parse, show


def totals(lines):
    """What each name paid, for each category where it has one."""
    found = {}
    for line in lines:
        name, amount, *category = line.split(";")
        key = f"{name} ({category[0].strip()})" if category else name
        found[key] = found.get(key, 0) + parse(amount)
    return found


def report(lines):
    """A line for each name."""
    return "\n".join(f"{name}: {show(cents)}" for name, cents in sorted(totals(lines).items()))
