"""Tokens to a tree."""

import re

from .errors import TemplateError
from .lexer import Token, tokens
from .nodes import FILTERS, Block, For, If, Text, Value

NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
VALUE = re.compile(rf"({NAME})((?:\s*\|\s*[a-z]+)*)")
IF = re.compile(rf"(if|elif)\s+(?:(not)\s+)?({NAME})")
FOR = re.compile(rf"for\s+([A-Za-z_][A-Za-z0-9_]*)\s+in\s+({NAME})")


def parse(source):
    root = Block(Token("text", "", 1, 1))
    # An elif is an If in the `otherwise` of the one before; `openings` are the tags that need an end.
    open_blocks = [root]
    openings = []
    for token in tokens(source):
        here = open_blocks[-1]
        if token.kind == "text":
            here.children.append(Text(token))
        elif token.kind == "value":
            here.children.append(value(token))
        elif found := IF.fullmatch(token.text):
            block = If(token, found[3], bool(found[2]))
            if found[1] == "if":
                here.children.append(block)
                open_blocks.append(block)
                openings.append(token)
            else:
                if not isinstance(here, If):
                    fail(token, "elif belongs to no if")
                here.otherwise = block
                open_blocks[-1] = block
        elif found := FOR.fullmatch(token.text):
            block = For(token, found[1], found[2])
            here.children.append(block)
            open_blocks.append(block)
            openings.append(token)
        elif token.text == "else":
            if not isinstance(here, If):
                fail(token, "else belongs to no if")
            here.otherwise = open_blocks[-1] = Block(token)
        elif token.text == "end":
            if not openings:
                fail(token, "end belongs to nothing")
            open_blocks.pop()
            openings.pop()
        else:
            fail(token, f"{token.text!r} is no tag")
    if openings:
        fail(openings[-1], "this has no end")
    return root


def value(token):
    found = VALUE.fullmatch(token.text)
    if not found:
        fail(token, f"{token.text!r} is no name")
    filters = found[2].replace("|", " ").split()
    for name in filters:
        if name not in FILTERS:
            fail(token, f"there is no filter {name}")
    return Value(token, found[1], filters)


def fail(token, why):
    raise TemplateError(why, token.line, token.column)
