"""Keeps rates for ten minutes."""

KEEP = 600


class Cache:
    def __init__(self, clock):
        self.clock = clock
        self.kept = {}

    def get(self, key, make):
        at, value = self.kept.get(key, (None, None))
        if at is None or self.clock.now() - at >= KEEP:
            value = make()
            self.kept[key] = (self.clock.now(), value)
        return value
