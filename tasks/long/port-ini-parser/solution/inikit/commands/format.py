"""format: the marks of neighbouring pairs below each other"""

from ..common import key, trim, value, walk


def run(args, lines):
    output, held = [], []

    def flush():
        width = max((len(name) for name, _ in held), default=0)
        output.extend(f"{name:<{width}} = {text}" for name, text in held)
        held.clear()

    for _, line, what, at in walk(lines):
        if what == "pair":
            held.append((key(line), value(line)))
            continue
        flush()
        output.append(f"[{at}]" if what == "section" else trim(line))
    flush()
    return output, 0
