"""add-section SECTION: at the end, after an empty line, unless it is there"""

from ..common import walk


def run(args, lines):
    output = list(lines)
    if not any(what == "section" and at == args[0] for _, _, what, at in walk(lines)):
        if lines and lines[-1] != "":
            output.append("")
        output.append(f"[{args[0]}]")
    return output, 0
