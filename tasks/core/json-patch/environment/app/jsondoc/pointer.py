"""Pointers: a place in a document, as text."""


class PointerError(Exception):
    """There is no such place, or the text is no pointer."""


def parse(text):
    """The parts of a pointer."""
    if text and not text.startswith("/"):
        raise PointerError(f"{text!r} is no pointer")
    return [part.replace("~0", "~").replace("~1", "/") for part in text.split("/")[1:]]


def find(document, parts):
    """What is at a place."""
    for part in parts:
        if isinstance(document, list):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            raise PointerError(f"nothing is called {part!r} here")
    return document
