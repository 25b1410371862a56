"""set SECTION KEY VALUE: changes the first such pair and drops the others, or adds one behind the last pair or header of the
first such section, or adds the section"""

from ..common import key, walk


def run(args, lines):
    section, wanted, text = args[0], args[1], f"{args[1]} = {args[2]}"
    same, behind = [], None
    block, blocks = (0 if section == "" else None), 0
    for number, line, what, at in walk(lines):
        if what == "section":
            blocks += 1
            if at == section and not block:
                block, behind = blocks, number
        elif what == "pair":
            if at == section and key(line) == wanted:
                same.append(number)
            if blocks == block:
                behind = number
    output = []
    if not same and section == "" and not behind:
        output.append(text)
    for number, line in enumerate(lines, 1):
        if number not in same:
            output.append(line)
        elif number == same[0]:
            output.append(text)
        if not same and number == behind:
            output.append(text)
    if not same and not behind and section != "":
        if lines and lines[-1] != "":
            output.append("")
        output += [f"[{section}]", text]
    return output, 0
