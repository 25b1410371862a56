"""How long to wait before the next attempt."""

from datetime import timedelta

FIRST = timedelta(minutes=10)
LONGEST = timedelta(hours=6)


def delay(attempts: int) -> timedelta:
    """10 minutes after the first failed attempt, doubled after each further one."""
    if attempts < 1:
        raise ValueError("there is nothing to wait for before the first attempt")
    return min(FIRST * 2 ** (attempts - 1), LONGEST)
