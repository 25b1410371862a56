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
    """A line for each name, and how many refunds there were."""
    lines = list(lines)
    text = "\n".join(f"{name}: {show(cents)}" for name, cents in sorted(totals(lines).items()))
    refunds = sum(parse(line.split(";")[1]) < 0 for line in lines)
    return f"{text}\nrefunds: {refunds}" if refunds else text
