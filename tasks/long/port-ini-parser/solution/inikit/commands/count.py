"""count: lines by kind, those that occur"""

from ..common import kind


def run(args, lines):
    kinds = [kind(line) for line in lines]
    return [f"{what} {kinds.count(what)}" for what in ("section", "pair", "comment", "blank", "junk") if what in kinds], 0
