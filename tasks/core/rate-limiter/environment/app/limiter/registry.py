"""The buckets of all partners."""

from . import sync
from .bucket import Bucket


class Registry:
    """`load(partner)` gives size and rate, `clock()` the time in microseconds."""

    def __init__(self, load, clock):
        self.load = load
        self.clock = clock
        self.buckets = {}
        self.lock = sync.lock()

    def allow(self, partner):
        """Whether one more request is allowed now."""
        bucket = self.bucket(partner)
        with self.lock:
            return bucket.take(self.clock())

    def bucket(self, partner):
        if partner not in self.buckets:
            size, rate = self.load(partner)
            sync.point("before keeping a bucket")
            self.buckets[partner] = Bucket(size, rate, self.clock())
        return self.buckets[partner]

    def forget(self, partner):
        """Drops what is known of a partner."""
        self.buckets.pop(partner, None)
