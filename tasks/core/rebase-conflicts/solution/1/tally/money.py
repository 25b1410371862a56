"""Amounts."""


def cents(text):
    """The cents of an amount as it stands in a list, with a point or a comma; a refund has a minus."""
    text = text.strip().replace(",", ".")
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * 100 + int((part + "00")[:2]))


def show(amount):
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02}"
