"""strip: without comments and blank lines, everything else in its shortest form"""

from ..common import key, trim, value, walk


def run(args, lines):
    output = []
    for _, line, what, at in walk(lines):
        if what == "section":
            output.append(f"[{at}]")
        elif what == "pair":
            output.append(f"{key(line)}={value(line)}")
        elif what == "junk":
            output.append(trim(line))
    return output, 0
