"""rename-key SECTION OLD NEW: the value stays as it is written, blanks included"""

from ..common import key, walk


def run(args, lines):
    output = []
    for _, line, what, at in walk(lines):
        if what == "pair" and at == args[0] and key(line) == args[1]:
            line = f"{args[2]} ={line.partition('=')[2]}"
        output.append(line)
    return output, 0
