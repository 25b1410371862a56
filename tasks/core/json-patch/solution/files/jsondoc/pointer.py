"""Pointers: a place in a document, as text."""

import re

INDEX = re.compile(r"0|[1-9][0-9]*", re.ASCII)


class PointerError(Exception):
    """There is no such place, or the text is no pointer."""


def parse(text):
    """The parts of a pointer."""
    if not isinstance(text, str) or (text and not text.startswith("/")) or re.search("~(?![01])", text):
        raise PointerError(f"{text!r} is no pointer")
    # ~1 first: ~01 stands for ~1, not for a slash.
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def index(array, part, end=False):
    """The position that a part names in an array; with `end`, the one behind the last counts too."""
    if end and part == "-":
        return len(array)
    if INDEX.fullmatch(part) and int(part) < len(array) + end:
        return int(part)
    raise PointerError(f"there is no element {part!r}")


def find(document, parts):
    """What is at a place."""
    for part in parts:
        if isinstance(document, list):
            document = document[index(document, part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            raise PointerError(f"nothing is called {part!r} here")
    return document
