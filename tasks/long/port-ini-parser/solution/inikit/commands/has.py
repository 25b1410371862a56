"""has SECTION KEY: says nothing, ends with 0 or 1. Keys in any case, sections as they are."""

from ..common import key, walk


def run(args, lines):
    wanted = args[1].lower()
    found = any(what == "pair" and at == args[0] and key(line).lower() == wanted for _, line, what, at in walk(lines))
    return [], 0 if found else 1
