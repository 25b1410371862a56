"""Makes the text of a formula into tokens. Each knows where it stands, so that copying can change references and nothing else."""

import re
from typing import NamedTuple

CORNER = r"\$?[A-Za-z]{1,2}\$?[1-9][0-9]{0,3}"
END = r"(?![A-Za-z0-9_.$])"
TOKENS = re.compile(
    "|".join(
        f"(?P<{kind}>{pattern})"
        for kind, pattern in (
            ("blank", r"\s+"),
            ("string", r'"(?:[^"]|"")*"'),
            ("call", r"[A-Za-z][A-Za-z0-9_.]*\("),
            ("area", f"{CORNER}:{CORNER}{END}"),
            ("cell", CORNER + END),
            ("number", r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"),
            ("word", r"[A-Za-z_][A-Za-z0-9_.]*"),
            ("ref_error", r"#REF!"),
            ("sign", r"<=|>=|<>|[-+*/^&=<>%(),]"),
        )
    )
)


class Unreadable(Exception):
    """A text that is no formula."""


class Token(NamedTuple):
    kind: str
    text: str
    start: int


def tokenize(text):
    """All tokens, blanks left out."""
    tokens, at = [], 0
    while at < len(text):
        match = TOKENS.match(text, at)
        if match is None:
            raise Unreadable(f"{text[at]} at {at}")
        if match.lastgroup != "blank":
            tokens.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    return tokens
