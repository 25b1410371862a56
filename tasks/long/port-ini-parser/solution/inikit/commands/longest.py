"""longest: the pair with the longest value; of equal ones the first. None: 1"""

from ..common import key, value, walk


def run(args, lines):
    best = None
    for _, line, what, at in walk(lines):
        if what == "pair" and (best is None or len(value(line)) > best[1]):
            best = (f"{at}.{key(line)}", len(value(line)))
    return ([f"{best[0]} {best[1]}"] if best else []), 0 if best else 1
