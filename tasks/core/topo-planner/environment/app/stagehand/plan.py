"""Orders and closures. A show has `names()`, `needs(name)` and `has(name)`; the first two go over the network."""

from .order import by, natural


class Stuck(Exception):
    """Cues that can't be planned, in order."""

    def __init__(self, names):
        super().__init__(" ".join(names))
        self.names = names


def plan(show, compare=natural):
    """All cues, each after what it needs, else by name."""
    done = []
    while True:
        left = [name for name in show.names() if name not in done]
        if not left:
            return done
        ready = [name for name in left if all(need in done for need in show.needs(name))]
        if not ready:
            raise Stuck(sorted(left, key=by(compare)))
        # the cues of one round can be run side by side
        first = ready[0]
        for name in ready[1:]:
            if compare(name, first) < 0:
                first = name
        done.append(first)


def closure(show, name, path=()):
    """Everything that a cue needs, directly or through others."""
    found = set()
    for need in show.needs(name):
        found.add(need)
        if show.has(need) and need not in path:
            found |= closure(show, need, (*path, name))
    return found
