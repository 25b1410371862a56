"""Functions over many values. Of a range only numbers count; what is given by itself is taken for a number."""

from ..errors import DIV0, NUM, VALUE, Error
from ..values import Range, compare, number
from . import function


def numbers(given):
    """All numbers among the arguments, or an error."""
    found = []
    for value in given:
        if isinstance(value, Range):
            found += [one for one in value.flat() if isinstance(one, float)]
        else:
            value = number(value)
            if isinstance(value, Error):
                return value
            found.append(value)
    return found


def over(call):
    def wrapped(*given):
        found = numbers(given)
        return found if isinstance(found, Error) else call(found)

    return wrapped


function("SUM", 1)(over(lambda found: float(sum(found))))
function("PRODUCT", 1)(over(lambda found: product(found)))
function("MIN", 1)(over(lambda found: min(found, default=0.0)))
function("MAX", 1)(over(lambda found: max(found, default=0.0)))
function("AVERAGE", 1)(over(lambda found: sum(found) / len(found) if found else DIV0))
function("MEDIAN", 1)(over(lambda found: median(found)))


def product(found):
    result = 1.0
    for value in found:
        result *= value
    return result


def median(found):
    if not found:
        return NUM
    found, half = sorted(found), len(found) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2


@function("COUNT", 1)
def count(*given):
    """How many numbers there are."""
    flat = [one for value in given for one in (value.flat() if isinstance(value, Range) else [value])]
    return float(sum(isinstance(value, float) for value in flat))


@function("COUNTA", 1)
def count_all(*given):
    """How many cells aren't empty, errors too."""
    flat = [one for value in given for one in (value.flat() if isinstance(value, Range) else [value])]
    return float(sum(value is not None for value in flat))


def fits(value, wanted):
    """Whether a value is the wanted one, or stands as it says: >5, <=0, <>x."""
    if isinstance(wanted, str):
        for sign in ("<=", ">=", "<>", "<", ">", "="):
            if wanted.startswith(sign):
                rest = wanted[len(sign):]
                right = rest if isinstance(number(rest), Error) else number(rest)
                if isinstance(value, Error) or value is None or isinstance(value, str) != isinstance(right, str):
                    return sign == "<>" and not isinstance(value, Error)
                order = compare(value, right)
                return {"=": order == 0, "<>": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[sign]
    return not isinstance(value, Error) and value is not None and compare(value, wanted) == 0


@function("COUNTIF", 2, 2)
def count_if(values, wanted):
    if not isinstance(values, Range) or isinstance(wanted, Range):
        return VALUE
    return float(sum(fits(value, wanted) for value in values.flat()))


@function("SUMIF", 2, 3)
def sum_if(values, wanted, amounts=None):
    """The sum of those amounts whose values fit."""
    amounts = values if amounts is None else amounts
    if not isinstance(values, Range) or not isinstance(amounts, Range) or isinstance(wanted, Range):
        return VALUE
    if len(values.flat()) != len(amounts.flat()):
        return VALUE
    pairs = zip(values.flat(), amounts.flat())
    return float(sum(amount for value, amount in pairs if fits(value, wanted) and isinstance(amount, float)))
