"""comments: number of the line and text, without marks"""

from ..common import trim, walk


def run(args, lines):
    return [f"{number}: {trim(trim(line).lstrip(';#'))}" for number, line, what, _ in walk(lines) if what == "comment"], 0
