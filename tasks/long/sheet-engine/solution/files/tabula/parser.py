"""Makes tokens into a tree, and notes what it refers to."""

from typing import NamedTuple

from . import refs
from .errors import REF, SYNTAX
from .lexer import Unreadable, tokenize

BINDING = {"^": 5, "*": 4, "/": 4, "+": 3, "-": 3, "&": 2, "=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1}


class Constant(NamedTuple):
    value: object


class CellNode(NamedTuple):
    name: str


class AreaNode(NamedTuple):
    names: list  # rows of names


class Word(NamedTuple):
    """A name that means nothing."""

    text: str


class Sign(NamedTuple):
    """A sign before, or a percent sign behind."""

    sign: str
    operand: object


class Operation(NamedTuple):
    operator: str
    left: object
    right: object


class Call(NamedTuple):
    name: str
    arguments: list


class Formula(NamedTuple):
    """A tree, the cells that are written in it, and its ranges, as text."""

    tree: object
    cells: set
    areas: set


def parse(text):
    """Reads a formula without its equals sign."""
    try:
        parser = Parser(tokenize(text))
        tree = parser.operation(1)
        if parser.at < len(parser.tokens):
            raise Unreadable("something is left")
    except Unreadable:
        return Formula(Constant(SYNTAX), set(), set())
    return Formula(tree, parser.cells, parser.areas)


class Parser:
    def __init__(self, tokens):
        self.tokens, self.at = tokens, 0
        self.cells, self.areas = set(), set()

    def ahead(self):
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def take(self, text):
        """Goes on if this is next."""
        found = self.at < len(self.tokens) and self.tokens[self.at].kind == "sign" and self.ahead() == text
        self.at += found
        return found

    def operation(self, least):
        """All operators that bind at least so tightly, from left to right."""
        left = self.signed()
        while self.at < len(self.tokens) and BINDING.get(self.ahead(), 0) >= least:
            operator = self.ahead()
            self.at += 1
            left = Operation(operator, left, self.operation(BINDING[operator] + 1))
        return left

    def signed(self):
        signs = []
        while self.ahead() in ("-", "+"):
            signs.append(self.ahead())
            self.at += 1
        node = self.operand()
        while self.take("%"):
            node = Sign("%", node)
        for sign in reversed(signs):
            node = Sign(sign, node)
        return node

    def operand(self):
        if self.at >= len(self.tokens):
            raise Unreadable("it stops")
        kind, text, _ = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Constant(float(text))
        if kind == "string":
            return Constant(text[1:-1].replace('""', '"'))
        if kind == "ref_error":
            return Constant(REF)
        if kind == "cell":
            self.cells.add(refs.plain(text))
            return CellNode(refs.plain(text))
        if kind == "area":
            self.areas.add(refs.plain(text))
            return AreaNode(refs.cells(text))
        if kind == "word":
            return Constant(text.upper() == "TRUE") if text.upper() in ("TRUE", "FALSE") else Word(text)
        if kind == "call":
            return Call(text[:-1], self.arguments())
        if text == "(":
            node = self.operation(1)
            if self.take(")"):
                return node
        raise Unreadable(text)

    def arguments(self):
        if self.take(")"):
            return []
        found = [self.operation(1)]
        while self.take(","):
            found.append(self.operation(1))
        if not self.take(")"):
            raise Unreadable("no end of the arguments")
        return found
