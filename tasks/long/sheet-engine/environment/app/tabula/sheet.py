"""A sheet: cells by name, their formats, and their values."""

from . import copying, refs
from .cells import Cell
from .errors import Error
from .evaluator import evaluate
from .formats import formatted
from .values import text as as_text

PASSES = 100


class Sheet:
    def __init__(self):
        self.cells = {}
        self.formats = {}

    def names(self):
        """All cells that aren't empty, row by row."""
        return sorted(self.cells, key=refs.position)

    def text(self, name):
        """What was typed into a cell; empty where nothing was."""
        cell = self.cells.get(refs.plain(name))
        return cell.text if cell else ""

    def value(self, name):
        cell = self.cells.get(refs.plain(name))
        return cell.value if cell else None

    def shown(self, name):
        """What a cell shows."""
        value, pattern = self.value(name), self.formats.get(refs.plain(name))
        if pattern and isinstance(value, float):
            return formatted(value, pattern)
        return value.code if isinstance(value, Error) else as_text(value)

    def set(self, name, text):
        """Types a text into a cell. An empty one clears it."""
        self.put({name: text})

    def put(self, texts):
        """Types many texts at once."""
        for name, text in texts.items():
            name = refs.plain(name)
            if text == "":
                self.cells.pop(name, None)
            else:
                self.cells[name] = Cell(text)
        self.recalculate()

    def set_format(self, name, pattern):
        """Gives a cell a format; an empty one takes it away."""
        name = refs.plain(name)
        self.formats.pop(name, None)
        if pattern:
            self.formats[name] = pattern

    def copy(self, source, target):
        """Copies a cell or a range; gives the names of all cells that were written."""
        written = {}
        for name, origin in copying.places(source, target):
            shift = copying.distance(origin, name)
            written[name] = (copying.moved(self.text(origin), *shift), self.formats.get(origin, ""))
        for name, (_, pattern) in written.items():
            self.set_format(name, pattern)
        self.put({name: text for name, (text, _) in written.items()})
        return sorted(written, key=refs.position)

    def recalculate(self):
        """Evaluates all formulas until nothing changes any more."""
        names = self.names()
        for _ in range(PASSES):
            changed = False
            for name in names:
                cell = self.cells[name]
                if cell.is_formula():
                    value = evaluate(cell.text[1:], self)
                    if repr(value) != repr(cell.value):
                        cell.value, changed = value, True
            if not changed:
                break
