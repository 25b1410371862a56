"""Money is a Decimal with two places."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def parse(text: str) -> Decimal:
    return Decimal(text)


def to_cents(amount: Decimal) -> Decimal:
    """Rounded to a cent, see the README."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def show(amount: Decimal) -> str:
    return f"{amount:.2f}"
