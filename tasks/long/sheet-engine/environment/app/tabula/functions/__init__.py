"""The functions that formulas can call, by name. register() is there for programs that bring functions of their own."""

REGISTERED = {}


class Function:
    def __init__(self, call, least, most, lazy):
        self.call, self.least, self.most, self.lazy = call, least, most, lazy

    def takes(self, count):
        return self.least <= count and (self.most is None or count <= self.most)


def register(name, call, least, most=None, lazy=False):
    """Makes a function known. It gets values (None, float, bool, str, Error; Range for a range) and gives one. A lazy one gets functions
    without arguments, to evaluate only what it needs."""
    REGISTERED[name.upper()] = Function(call, least, most, lazy)


def find(name):
    """The function of this name, in any case; None where there is none."""
    return REGISTERED.get(name.upper())


def function(name, least, most=None, lazy=False):
    """register() as a decorator."""

    def decorate(call):
        register(name, call, least, most, lazy)
        return call

    return decorate


from . import logic, lookup, math, stats, text  # noqa: E402, F401  they register themselves
