"""A clock and random numbers that do as they are told."""


class Clock:
    def __init__(self):
        self.time = 1000.0
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.time += seconds


class Rng:
    """Draws always the same part of what it may."""

    def __init__(self, part=1.0):
        self.part = part
        self.limits = []

    def uniform(self, low, high):
        self.limits.append((low, round(high, 6)))
        return low + (high - low) * self.part
