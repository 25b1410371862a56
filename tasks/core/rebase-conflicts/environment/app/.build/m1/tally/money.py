"""Amounts."""


def cents(text):
    """The cents of an amount as it stands in a list."""
    whole, _, part = text.strip().partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def show(amount):
    return f"{amount // 100}.{amount % 100:02}"
