"""Locks and events, and points where a schedule may let another thread run. Tests replace `maker`."""

import threading


class Threads:
    """The real ones."""

    lock = staticmethod(threading.Lock)
    event = staticmethod(threading.Event)

    def point(self, name):
        """Nothing, in real life."""


maker = Threads()


def lock():
    """A lock: `acquire`, `release`, `with`."""
    return maker.lock()


def event():
    """An event: `set`, `is_set`, `wait`."""
    return maker.event()


def point(name):
    """A place between two steps of a thread that others may get in between."""
    maker.point(name)
