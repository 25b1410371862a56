"""sum KEY: over all sections; of a value counts what is a number at its beginning"""

import re

from ..common import key, value, walk

NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?")


def run(args, lines):
    total = 0.0
    for _, line, what, _ in walk(lines):
        number = NUMBER.match(value(line)) if what == "pair" and key(line) == args[0] else None
        if number:
            total += float(number[0])
    return [f"{total:.2f}"], 0
