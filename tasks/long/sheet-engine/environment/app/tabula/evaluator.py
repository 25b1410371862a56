"""Evaluates the text of a formula: looks for the operator that is to be carried out last, and does the same with both sides."""

import math
import re

from . import functions, refs, scan
from .errors import DIV0, NAME, NUM, REF, SYNTAX, VALUE, Error
from .values import NUMBER, Range, compare, number, text as as_text

LEVELS = [("<=", ">=", "<>", "<", ">", "="), ("&",), ("+", "-"), ("*", "/"), ("^",)]
CALL = re.compile(r"([A-Za-z][A-Za-z0-9_.]*)\((.*)\)", re.DOTALL)
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def evaluate(text, sheet):
    """The value of a formula without its equals sign."""
    if not scan.balanced(text):
        return SYNTAX
    value = part(text, sheet)
    return VALUE if isinstance(value, Range) else value


def part(text, sheet):
    text = text.strip()
    if text == "":
        return SYNTAX
    for operators in LEVELS:
        found = scan.last_operator(text, operators)
        if found:
            at, operator = found
            left = part(text[:at], sheet)
            right = part(text[at + len(operator):], sheet)
            return apply(operator, left, right)
    if text[-1] == "%":
        value = number(part(text[:-1], sheet))
        return value if isinstance(value, Error) else value / 100
    if text[0] in "+-":
        value = number(part(text[1:], sheet))
        return value if isinstance(value, Error) else -value if text[0] == "-" else value
    return operand(text, sheet)


def operand(text, sheet):
    """A number, a text, a name, a group or a call."""
    if scan.is_string(text):
        return text[1:-1].replace('""', '"')
    if NUMBER.fullmatch(text):
        return float(text)
    if refs.is_cell(text):
        return sheet.value(text)
    if refs.is_range(text):
        return Range([[sheet.value(name) for name in names] for names in refs.cells(text)])
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    if text == "#REF!":
        return REF
    if scan.is_group(text):
        return part(text[1:-1], sheet)
    match = CALL.fullmatch(text)
    if match and scan.balanced(match[2]):
        return call(match[1], scan.arguments(match[2]), sheet)
    return NAME if WORD.fullmatch(text) else SYNTAX


def call(name, arguments, sheet):
    """Calls a function; a lazy one gets its arguments as functions that evaluate them."""
    function = functions.find(name)
    if function is None:
        return NAME
    if not function.takes(len(arguments)):
        return VALUE
    if function.lazy:
        return function.call(*[lambda text=text: part(text, sheet) for text in arguments])
    return function.call(*[part(text, sheet) for text in arguments])


def apply(operator, left, right):
    """Carries out an operator."""
    if isinstance(left, Range) or isinstance(right, Range):
        return VALUE
    if operator == "&":
        return as_text(left) + as_text(right)
    if operator in LEVELS[0]:
        order = compare(left, right)
        return {"=": order == 0, "<>": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[operator]
    left, right = number(left), number(right)
    if isinstance(left, Error) or isinstance(right, Error):
        return VALUE
    return arithmetic(operator, left, right)


def arithmetic(operator, left, right):
    try:
        if operator == "+":
            result = left + right
        elif operator == "-":
            result = left - right
        elif operator == "*":
            result = left * right
        elif operator == "/":
            result = left / right
        else:
            result = left ** right
    except ZeroDivisionError:
        return DIV0
    except OverflowError:
        return NUM
    return NUM if isinstance(result, complex) or not math.isfinite(result) else result
