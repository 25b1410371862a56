"""unset SECTION KEY: drops all such pairs. None: 1"""

from ..common import key, walk


def run(args, lines):
    output = [line for _, line, what, at in walk(lines) if not (what == "pair" and at == args[0] and key(line) == args[1])]
    return output, 1 if len(output) == len(lines) else 0
