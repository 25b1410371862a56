"""rename-section OLD NEW"""

from ..common import walk


def run(args, lines):
    output, done = [], False
    for _, line, what, at in walk(lines):
        if what == "section" and at == args[0]:
            line, done = f"[{args[1]}]", True
        output.append(line)
    return output, 0 if done else 1
