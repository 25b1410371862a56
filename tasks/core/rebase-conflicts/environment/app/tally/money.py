"""Amounts."""


def parse(text):
    """The cents of an amount as it stands in a list."""
    whole, _, part = text.strip().partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def show(cents):
    return f"{cents // 100}.{cents % 100:02}"
