"""Which cell refers to which. Knows names, and nothing of values."""

from . import refs


class Graph:
    def __init__(self):
        self.formulas = {}  # name of a formula: its cells and areas
        self.single = {}  # name of a cell: formulas in which it is written
        self.columns = {}  # number of a column: {(formula, first row, last row)}

    def add(self, name, cells, areas):
        """A formula and what it refers to."""
        self.formulas[name] = (cells, areas)
        for cell in cells:
            self.single.setdefault(cell, set()).add(name)
        for column, span in self.spans(name, areas):
            self.columns.setdefault(column, set()).add(span)

    def remove(self, name):
        cells, areas = self.formulas.pop(name, ((), ()))
        for cell in cells:
            self.single[cell].discard(name)
        for column, span in self.spans(name, areas):
            self.columns[column].discard(span)

    def spans(self, name, areas):
        for area in areas:
            top, left, bottom, right = refs.corners(area)
            for column in range(left, right + 1):
                yield column, (name, top, bottom)

    def dependents(self, name):
        """The formulas that refer to a cell directly, in order."""
        row, column = refs.position(name)
        found = set(self.single.get(name, ()))
        found.update(formula for formula, top, bottom in self.columns.get(column, ()) if top <= row <= bottom)
        return sorted(found)

    def order(self, names):
        """All formulas that are among these or refer to them in any way, in groups: what a group refers to stands in one before it. A
        group of more than one is a cycle; so is one that refers to itself."""
        edges = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in edges:
                edges[name] = self.dependents(name)
                waiting += edges[name]
        groups = [group for group in components(edges) if group[0] in self.formulas]
        return [(group, len(group) > 1 or group[0] in edges[group[0]]) for group in reversed(groups)], edges


def components(edges):
    """Tarjan's strongly connected components, what is reached last first; without recursion, since chains are long."""
    number, low, stack, on_stack, groups = {}, {}, [], set(), []
    for root in sorted(edges):
        if root in number:
            continue
        work = [(root, iter(edges[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, following = work[-1]
            for other in following:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(edges[other])))
                    break
                if other in on_stack:
                    low[name] = min(low[name], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    at = stack.index(name) if stack[-1] != name else len(stack) - 1
                    groups.append(stack[at:])
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
    return groups
