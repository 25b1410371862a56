"""dups: keys that a section has more than once, and how often"""

from ..common import key, walk


def run(args, lines):
    times = {}
    for _, line, what, at in walk(lines):
        if what == "pair":
            name = f"{at}.{key(line)}"
            times[name] = times.get(name, 0) + 1
    return [f"{name} {count}" for name, count in times.items() if count > 1], 0
