"""Another right version: counts what was taken, and fills lazily."""

from . import sync


class Bucket:
    def __init__(self, size, rate, now):
        self._full = size * 1_000_000
        self._rate = rate
        self._missing = 0
        self._newest = now
        self._mutex = sync.lock()

    def take(self, now):
        self._mutex.acquire()
        try:
            newest = max(now, self._newest)
            sync.point("a")
            missing = max(0, self._missing - (newest - self._newest) * self._rate)
            sync.point("b")
            self._newest = newest
            self._missing = missing
            sync.point("c")
            if self._full - missing < 1_000_000:
                return False
            self._missing += 1_000_000
            return True
        finally:
            self._mutex.release()
