"""What all commands share."""


def trim(text):
    return text.strip(" \t")


def kind(line):
    line = trim(line)
    if not line:
        return "blank"
    if line[0] in ";#":
        return "comment"
    if len(line) > 1 and line[0] == "[" and line[-1] == "]":
        return "section"
    return "pair" if "=" in line else "junk"


def name(line):
    return trim(trim(line)[1:-1])


def key(line):
    return trim(line.partition("=")[0])


def value(line):
    return trim(line.partition("=")[2])


def walk(lines):
    """Number, line, kind and section of each line."""
    at = ""
    for number, line in enumerate(lines, 1):
        what = kind(line)
        if what == "section":
            at = name(line)
        yield number, line, what, at
