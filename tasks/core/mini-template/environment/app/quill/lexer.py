"""Source to tokens."""

import re
from dataclasses import dataclass

TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})")


@dataclass
class Token:
    kind: str  # "text", "value" or "tag"
    text: str
    line: int
    column: int


def tokens(source):
    """Comments are left out."""
    line = column = 1
    for part in TAG.split(source):
        if part.startswith("{{"):
            yield Token("value", part[2:-2].strip(), line, column)
        elif part.startswith("{%"):
            yield Token("tag", part[2:-2].strip(), line, column)
        elif part and not part.startswith("{#"):
            yield Token("text", part, line, column)
        line += part.count("\n")
        # From the last line end, or from the beginning.
        column = len(part) - part.rfind("\n")
