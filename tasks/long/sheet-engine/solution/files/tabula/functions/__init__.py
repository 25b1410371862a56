"""The functions that formulas can call, by name. register() is there for programs that bring functions of their own."""

from ..errors import Error
from ..values import Range

REGISTERED = {}


class Function:
    def __init__(self, call, least, most, lazy, looks_at):
        self.call, self.least, self.most, self.lazy, self.looks_at = call, least, most, lazy, looks_at

    def takes(self, count):
        return self.least <= count and (self.most is None or count <= self.most)

    def first_error(self, arguments):
        """The error that the result is, since the function itself doesn't look at such; or None."""
        if self.looks_at == "errors":
            return None
        for value in arguments:
            flat = [value] if not isinstance(value, Range) else [] if self.looks_at == "ranges" else value.flat()
            for one in flat:
                if isinstance(one, Error):
                    return one
        return None


def register(name, call, least, most=None, lazy=False, looks_at=None):
    """Makes a function known. It gets values (None, float, bool, str, Error; Range for a range) and gives one. A lazy one gets functions
    without arguments, to evaluate only what it needs. One that isn't lazy never sees an error, unless it looks at "errors" by itself, or at
    those in "ranges"."""
    REGISTERED[name.upper()] = Function(call, least, most, lazy, looks_at)


def find(name):
    """The function of this name, in any case; None where there is none."""
    return REGISTERED.get(name.upper())


def function(name, least, most=None, lazy=False, looks_at=None):
    """register() as a decorator."""

    def decorate(call):
        register(name, call, least, most, lazy, looks_at)
        return call

    return decorate


from . import logic, lookup, math, stats, text  # noqa: E402, F401  they register themselves
