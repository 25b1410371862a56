"""Tokens to a tree."""

import re

from .errors import TemplateError
from .lexer import Token, tokens
from .nodes import FILTERS, Block, For, If, Text, Value

NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
VALUE = re.compile(rf"({NAME})((?:\s*\|\s*[a-z]+)*)")
IF = re.compile(rf"if\s+(not\s+)?({NAME})")
FOR = re.compile(rf"for\s+([A-Za-z_][A-Za-z0-9_]*)\s+in\s+({NAME})")


def parse(source):
    root = Block(Token("text", "", 1, 1))
    open_blocks = [root]
    for token in tokens(source):
        here = open_blocks[-1]
        if token.kind == "text":
            here.children.append(Text(token))
        elif token.kind == "value":
            here.children.append(value(token))
        elif found := IF.fullmatch(token.text):
            block = If(token, found[2], bool(found[1]))
            here.children.append(block)
            open_blocks.append(block)
        elif found := FOR.fullmatch(token.text):
            block = For(token, found[1], found[2])
            here.children.append(block)
            open_blocks.append(block)
        elif token.text == "else":
            for block in open_blocks:
                if isinstance(block, If) and block.otherwise is None:
                    block.otherwise = Block(token)
                    open_blocks[-1] = block.otherwise
                    break
        elif token.text == "end":
            open_blocks.pop()
        else:
            raise TemplateError(f"{token.text!r} is no tag", token.line, token.column)
    return root


def value(token):
    found = VALUE.fullmatch(token.text)
    if not found:
        raise TemplateError(f"{token.text!r} is no name", token.line, token.column)
    filters = found[2].replace("|", " ").split()
    for name in filters:
        if name not in FILTERS:
            raise TemplateError(f"there is no filter {name}", token.line, token.column)
    return Value(token, found[1], filters)
