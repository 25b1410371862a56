"""A bucket of tokens."""

from . import sync

TOKEN = 1_000_000


class Bucket:
    """Begins full at time `now`, in microseconds."""

    def __init__(self, size, rate, now):
        self.size = size * TOKEN
        self.rate = rate
        self.level = self.size
        self.last = now
        self.lock = sync.lock()

    def take(self, now):
        """Takes a token if there is one at time `now`, which may be older than one that was seen before."""
        with self.lock:
            if now > self.last:
                gained = (now - self.last) * self.rate
                sync.point("before filling")
                self.level = min(self.size, self.level + gained)
                self.last = now
        if self.level < TOKEN:
            return False
        level = self.level
        sync.point("before the new level")
        self.level = level - TOKEN
        return True
