"""remove-section SECTION: header, pairs and blanks; comments right above the next header stay with that one"""

from ..common import walk


def run(args, lines):
    output, held, inside = [], [], False
    for _, line, what, at in walk(lines):
        if what == "section":
            inside = at == args[0]
            if not inside:
                output += held
            held = []
        if not inside:
            output.append(line)
        elif what == "comment":
            held.append(line)
        else:
            held = []
    return output, 0
