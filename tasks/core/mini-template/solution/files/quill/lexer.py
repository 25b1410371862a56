"""Source to tokens."""

import re
from dataclasses import dataclass

from .errors import TemplateError

CLOSE = {"{{": "}}", "{%": "%}", "{#": "#}"}
OPEN = re.compile(r"\{[{%#]")
END_VERBATIM = re.compile(r"\{%\s*endverbatim\s*%\}")


@dataclass
class Token:
    kind: str  # "text", "value" or "tag"
    text: str
    line: int
    column: int


def tokens(source):
    """Comments are left out; what is verbatim is text."""
    at = 0
    while at < len(source):
        opening = OPEN.search(source, at)
        start = opening.start() if opening else len(source)
        if start > at:
            yield Token("text", source[at:start], *place(source, at))
        if not opening:
            return
        where = place(source, start)
        close = CLOSE[opening[0]]
        end = source.find(close, start + 2)
        if end < 0:
            raise TemplateError(f"{opening[0]} isn't closed", *where)
        text = source[start + 2 : end].strip()
        at = end + 2
        if opening[0] == "{{":
            yield Token("value", text, *where)
        elif opening[0] == "{%" and text == "verbatim":
            stop = END_VERBATIM.search(source, at)
            if not stop:
                raise TemplateError("verbatim isn't closed", *where)
            yield Token("text", source[at : stop.start()], *where)
            at = stop.end()
        elif opening[0] == "{%":
            yield Token("tag", text, *where)


def place(source, at):
    """Line and column, from 1."""
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
