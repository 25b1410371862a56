"""Another right version: one slot for each partner, which knows how far it is."""

from . import sync
from .bucket import Bucket


class Slot:
    def __init__(self):
        self.ready = sync.event()
        self.outcome = None


class Registry:
    def __init__(self, load, clock):
        self._load = load
        self._clock = clock
        self._slots = {}
        self._mutex = sync.lock()

    def allow(self, partner):
        sync.point("begin")
        with self._mutex:
            first = partner not in self._slots
            slot = self._slots.setdefault(partner, Slot())
        if first:
            self._fill(partner, slot)
        else:
            slot.ready.wait()
        kind, what = slot.outcome
        if kind == "error":
            raise what
        now = self._clock()
        sync.point("now")
        return what.take(now)

    def _fill(self, partner, slot):
        try:
            now = self._clock()
            slot.outcome = ("bucket", Bucket(*self._load(partner), now))
        except BaseException as error:
            slot.outcome = ("error", error)
            with self._mutex:
                if self._slots.get(partner) is slot:
                    del self._slots[partner]
        sync.point("filled")
        slot.ready.set()

    def forget(self, partner):
        with self._mutex:
            self._slots.pop(partner, None)
