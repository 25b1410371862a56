"""keys SECTION: its keys, each once, in order. No such section: 1"""

from ..common import key, walk


def run(args, lines):
    there, found = False, {}
    for _, line, what, at in walk(lines):
        if at == args[0] and what in ("section", "pair"):
            there = True
            if what == "pair":
                found[key(line)] = None
    return list(found), 0 if there else 1
