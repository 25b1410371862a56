"""get SECTION KEY: the value; the last one counts. Pairs before any section are those of section ""."""

from ..common import key, value, walk


def run(args, lines):
    found = [value(line) for _, line, what, at in walk(lines) if what == "pair" and at == args[0] and key(line) == args[1]]
    return found[-1:], 0 if found else 1
