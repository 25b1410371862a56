"""How values are shown, and how numbers are rounded."""

from decimal import ROUND_HALF_UP, Context, Decimal

# Enough for every digit of every number; none has any beyond 400 places.
EXACT, PLACES = Context(prec=900, rounding=ROUND_HALF_UP), 400


def rounded(number, digits):
    """By the digits that a number is written with, a half away from zero; as a Decimal."""
    digits = max(-PLACES, min(PLACES, digits))
    result = Decimal(repr(number)).quantize(Decimal(1).scaleb(-digits), context=EXACT)
    return result if result else abs(result)


def general(number):
    """A number in a cell without a format."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.12g}"


def known(pattern):
    """Whether it is a format: 0, 0.00, #,##0, #,##0.00, each with or without %."""
    whole, dot, digits = pattern.removesuffix("%").partition(".")
    return whole in ("0", "#,##0") and digits.strip("0") == "" and bool(dot) == bool(digits)


def formatted(number, pattern):
    """A number in a cell with a format."""
    percent = pattern.endswith("%")
    digits = len(pattern.removesuffix("%").partition(".")[2])
    result = rounded(number, digits + 2).scaleb(2, EXACT) if percent else rounded(number, digits)
    text = f"{result:,.{digits}f}" if pattern.startswith("#,##0") else f"{result:.{digits}f}"
    return text + "%" if percent else text
