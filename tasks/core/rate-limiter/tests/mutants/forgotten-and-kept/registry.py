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
            if partner in self.buckets:
                return self.buckets[partner]
            loading = self.loading.get(partner)
            waits = loading is not None
            if not waits:
                loading = self.loading[partner] = _Loading()
        if waits:
            loading.done.wait()
            if loading.error:
                raise loading.error
            return loading.bucket
        try:
            size, rate = self.load(partner)
            loading.bucket = Bucket(size, rate, self.clock())
        except BaseException as error:
            loading.error = error
            raise
        finally:
            with self.lock:
                # Not if he was forgotten meanwhile.
                if self.loading.get(partner) is loading:
                    del self.loading[partner]
                if loading.bucket:
                    self.buckets[partner] = loading.bucket
            loading.done.set()
        return loading.bucket

    def forget(self, partner):
        """Drops what is known of a partner."""
        with self.lock:
            self.buckets.pop(partner, None)
            self.loading.pop(partner, None)
