"""upper: pairs as assignments for a shell"""

import re

from ..common import key, value, walk


def word(text):
    return re.sub("[^A-Z0-9]+", "_", text.upper())


def run(args, lines):
    output, prefix = [], ""
    for _, line, what, at in walk(lines):
        if what == "section":
            prefix = word(at) + "_"
        elif what == "pair":
            left = prefix + word(key(line))
            if left[:1].isdigit():
                left = "_" + left
            text = value(line).replace("'", "'\\''")
            output.append(f"{left}='{text}'")
    return output, 0
