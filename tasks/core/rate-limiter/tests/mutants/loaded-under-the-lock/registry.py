"""The buckets of all partners."""

from . import sync
from .bucket import Bucket


class _Loading:
    """A call of `load` that is under way, for those who wait for it."""

    def __init__(self):
        self.done = sync.event()
        self.bucket = None
        self.error = None


class Registry:
    """`load(partner)` gives size and rate, `clock()` the time in microseconds."""

    def __init__(self, load, clock):
        self.load = load
        self.clock = clock
        self.buckets = {}
        self.loading = {}
        self.lock = sync.lock()  # of the two above; nothing is called under it

    def allow(self, partner):
        """Whether one more request is allowed now."""
        bucket = self.bucket(partner)
        return bucket.take(self.clock())

    def bucket(self, partner):
        with self.lock:
            if partner not in self.buckets:
                size, rate = self.load(partner)
                self.buckets[partner] = Bucket(size, rate, self.clock())
            return self.buckets[partner]

    def forget(self, partner):
        """Drops what is known of a partner."""
        self.buckets.pop(partner, None)
