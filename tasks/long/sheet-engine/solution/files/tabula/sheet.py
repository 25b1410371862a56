"""A sheet: cells by name, their formats, and their values."""

from . import copying, refs
from .cells import Cell
from .errors import CYCLE, Error
from .evaluator import evaluate
from .formats import formatted
from .graph import Graph
from .values import same
from .values import text as as_text


class Sheet:
    def __init__(self):
        self.cells = {}
        self.formats = {}
        self.graph = Graph()
        self.looped = set()  # cells that are on a cycle

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
        changed, typed = set(), set()
        for name, text in {refs.plain(name): text for name, text in texts.items()}.items():
            if text != self.text(name):
                self.replace(name, text, changed, typed)
        self.recalculate(changed, typed)

    def replace(self, name, text, changed, typed):
        """Puts another text into a cell; notes its name where its value changed, or where it is a formula."""
        before = self.value(name)
        self.graph.remove(name)
        self.looped.discard(name)
        self.cells.pop(name, None)
        if text != "":
            cell = self.cells[name] = Cell(text)
            if cell.is_formula():
                cell.value = before  # until it is evaluated
                self.graph.add(name, cell.formula.cells, cell.formula.areas)
                typed.add(name)
                return
        if not same(before, self.value(name)):
            changed.add(name)

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

    def recalculate(self, changed, typed):
        """Evaluates what was typed, and what refers to a cell whose value has changed."""
        groups, dependents = self.graph.order(changed | typed)
        due = typed.union(*(dependents[name] for name in changed))
        for names, cycle in groups:
            for name in names:
                cell, before = self.cells[name], self.cells[name].value
                if cycle:
                    self.looped.add(name)
                    cell.value = CYCLE
                elif name in due or name in self.looped:
                    self.looped.discard(name)
                    cell.value = evaluate(cell.formula.tree, self)
                if not same(before, cell.value):
                    due.update(dependents[name])
