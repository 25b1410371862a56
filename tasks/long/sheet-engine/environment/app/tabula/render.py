"""A sheet as a table for the terminal."""

from . import refs
from .errors import Error


def used(sheet):
    """The range from A1 to the last row and column in use; None in an empty sheet."""
    places = [refs.position(name) for name in sheet.names()]
    if not places:
        return None
    return "A1:" + refs.name_at(max(row for row, _ in places), max(column for _, column in places))


def table(sheet, area):
    """Numbers and errors to the right, texts to the left, columns as wide as they have to be."""
    grid = refs.cells(area)
    if not grid or not grid[0]:
        return []
    head = [refs.split(name)[0] for name in grid[0]]
    widths = [max(len(head[at]), *(len(sheet.shown(names[at])) for names in grid)) for at in range(len(head))]
    margin = max(len(str(refs.split(names[0])[1])) for names in grid)
    lines = [" " * margin + "".join(f" | {letters:^{width}}" for letters, width in zip(head, widths))]
    lines.append("-" * margin + "".join("-+-" + "-" * width for width in widths))
    for names in grid:
        line = f"{refs.split(names[0])[1]:>{margin}}"
        for name, width in zip(names, widths):
            right = isinstance(sheet.value(name), (float, Error))
            line += f" | {sheet.shown(name):{'>' if right else '<'}{width}}"
        lines.append(line)
    return [line.rstrip() for line in lines]
