"""Orders and closures. A show has `names()`, `needs(name)` and `has(name)`; the first two go over the network."""

import heapq

from .order import by, natural


class Stuck(Exception):
    """Cues that can't be planned, in order."""

    def __init__(self, names):
        super().__init__(" ".join(names))
        self.names = names


def plan(show, compare=natural):
    """All cues, each after what it needs, else by name."""
    key = by(compare)
    open_needs = {name: set(show.needs(name)) for name in show.names()}
    waiting = {}
    for name, needs in open_needs.items():
        for need in needs:
            waiting.setdefault(need, []).append(name)
    ready = [key(name) for name, needs in open_needs.items() if not needs]
    heapq.heapify(ready)
    done = []
    while ready:
        first = heapq.heappop(ready).obj
        done.append(first)
        for name in waiting.get(first, ()):
            open_needs[name].discard(first)
            if not open_needs[name]:
                heapq.heappush(ready, key(name))
    left = [name for name, needs in open_needs.items() if needs]
    if left:
        raise Stuck(sorted(left, key=key))
    return done


def closure(show, name):
    """Everything that a cue needs, directly or through others."""
    found, todo = set(), [name]
    while todo:
        for need in show.needs(todo.pop()):
            if need not in found:
                found.add(need)
                if need != name and show.has(need):
                    todo.append(need)
    return found
