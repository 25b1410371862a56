"""How often and when a call is made again: docs/retry.md."""

from collections import deque

from .errors import Temporary


class Budget:
    """Keeps retries to a part of the traffic."""

    def __init__(self, clock, ratio=0.1, window=10.0, spare=3):
        self.clock = clock
        self.ratio = ratio
        self.window = window
        self.spare = spare
        self.firsts = deque()
        self.retries = deque()

    def first(self):
        """Notes a first try."""
        self.firsts.append(self.clock.now())

    def allows(self):
        """Whether there may be a retry now; if so, it is counted."""
        now = self.clock.now()
        for times in (self.firsts, self.retries):
            while times and times[0] <= now - self.window:
                times.popleft()
        if len(self.retries) >= int(len(self.firsts) * self.ratio) + self.spare:
            return False
        self.retries.append(now)
        return True


class Retry:
    def __init__(self, clock, rng, tries=4, first=0.2, longest=5.0, deadline=30.0, budget=None):
        self.clock = clock
        self.rng = rng
        self.tries = tries
        self.first = first
        self.longest = longest
        self.deadline = deadline
        self.budget = budget or Budget(clock)

    def call(self, function):
        """What the function gives, after as many tries as there may be."""
        end = self.clock.now() + self.deadline
        self.budget.first()
        limit = self.first
        for left in range(self.tries - 1, -1, -1):
            try:
                return function()
            except Temporary as error:
                if left == 0:
                    raise
                pause = max(self.rng.uniform(0, min(limit, self.longest)), error.retry_after or 0)
                if self.clock.now() + pause >= end or not self.budget.allows():
                    raise
            self.clock.sleep(pause)
            limit *= 2
