"""Evaluates the tree of a formula."""

import math

from . import functions
from .errors import DIV0, NAME, NUM, VALUE, Error
from .parser import AreaNode, Call, CellNode, Constant, Operation, Sign
from .values import Range, compare, number
from .values import text as as_text


def evaluate(tree, sheet):
    """The value of a formula."""
    value = part(tree, sheet)
    return VALUE if isinstance(value, Range) else value


def part(node, sheet):
    """The value of a part; a range only has one for functions. A long sum is a tree that is deep on its left side, so that is
    gone down without recursion."""
    later = []
    while isinstance(node, Operation):
        later.append(node)
        node = node.left
    value = operand(node, sheet)
    while later:
        node = later.pop()
        value = apply(node.operator, value, part(node.right, sheet))
    return value


def operand(node, sheet):
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, CellNode):
        return sheet.value(node.name)
    if isinstance(node, AreaNode):
        return Range([[sheet.value(name) for name in names] for names in node.names])
    if isinstance(node, Sign):
        value = number(part(node.operand, sheet))
        if isinstance(value, Error) or node.sign == "+":
            return value
        return value / 100 if node.sign == "%" else -value
    return call(node, sheet) if isinstance(node, Call) else NAME


def call(node, sheet):
    """Calls a function; a lazy one gets its arguments as functions that evaluate them."""
    function = functions.find(node.name)
    if function is None:
        return NAME
    if not function.takes(len(node.arguments)):
        return VALUE
    if function.lazy:
        return function.call(*[lambda argument=argument: part(argument, sheet) for argument in node.arguments])
    arguments = [part(argument, sheet) for argument in node.arguments]
    error = function.first_error(arguments)
    return finite(function.call(*arguments)) if error is None else error


def finite(value):
    return NUM if isinstance(value, complex) or isinstance(value, float) and not math.isfinite(value) else value


def apply(operator, left, right):
    """Carries out an operator."""
    for side in (left, right):
        if isinstance(side, (Error, Range)):
            return side if isinstance(side, Error) else VALUE
    if operator == "&":
        return as_text(left) + as_text(right)
    if operator not in ARITHMETIC:
        order = compare(left, right)
        return {"=": order == 0, "<>": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[operator]
    left, right = number(left), number(right)
    for side in (left, right):
        if isinstance(side, Error):
            return side
    try:
        result = ARITHMETIC[operator](left, right)
    except ZeroDivisionError:
        return DIV0
    except OverflowError:
        return NUM
    return finite(result)


ARITHMETIC = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: left ** right,
}
