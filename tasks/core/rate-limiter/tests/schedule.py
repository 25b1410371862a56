"""Threads of a test, one at a time: the test says who goes on.

    with Schedule() as schedule:                 # from here on limiter.sync makes locks and events of the schedule
        bucket = Bucket(1, 0, 0)
        a = schedule.thread(bucket.take, 0)
        b = schedule.thread(bucket.take, 0)
        a.step()                                 # runs a up to its next point, lock or event, or its end
        b.finish()                               # runs b to its end; Stuck if it has to wait for somebody
        a.finish()
        (a.result, b.result)

`point(name)` in code of a test's own (a `clock`, a `load`) stops a thread as well. `step` returns the name of the place where
the thread stands now: a point's name, "lock", "wait" or "end". A thread that stands at a lock or an event that isn't free
can't go on: `step` raises Stuck then, and it may be tried again later. `holds` says how many locks a thread holds.
"""

import threading

from limiter import sync


class Stuck(AssertionError):
    """The thread waits for another one."""


class _Lock:
    def __init__(self, schedule):
        self.schedule = schedule
        self.owner = None

    def acquire(self):
        me = self.schedule.current()
        if me:
            me.pause("lock", lambda: self.owner is None)
        elif self.owner is not None:
            raise Stuck("the test itself would wait for a lock")
        self.owner = me or self
        if me:
            me.holds += 1
        return True

    def release(self):
        if self.owner is None:
            raise RuntimeError("a lock is released that nobody holds")
        if self.owner is not self:
            self.owner.holds -= 1
        self.owner = None

    def locked(self):
        return self.owner is not None

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()


class _Event:
    def __init__(self, schedule):
        self.schedule = schedule
        self.value = False

    def set(self):
        self.value = True

    def is_set(self):
        return self.value

    def wait(self):
        me = self.schedule.current()
        if me:
            me.pause("wait", lambda: self.value)
        elif not self.value:
            raise Stuck("the test itself would wait for an event")
        return True


class Thread:
    def __init__(self, schedule, call, arguments):
        self.result = self.error = None
        self.ended = False
        self.holds = 0
        self.place = "begin"
        self._ready = lambda: True
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._schedule = schedule
        self._thread = threading.Thread(target=self._run, args=(call, arguments), daemon=True)
        self._thread.start()

    def _run(self, call, arguments):
        self._schedule.mine.thread = self
        self._go.acquire()
        try:
            self.result = call(*arguments)
        except BaseException as error:
            self.error = error
        self.ended = True
        self.place = "end"
        self._stopped.release()

    def pause(self, place, ready=lambda: True):
        self.place, self._ready = place, ready
        self._stopped.release()
        self._go.acquire()

    def step(self):
        """Goes on to the next place and returns its name."""
        if not self.ended:
            if not self._ready():
                raise Stuck(f"it stands at a {self.place} that isn't free")
            self._go.release()
            if not self._stopped.acquire(timeout=20):
                raise Stuck("it runs and never comes to a point")
        return self.place

    def until(self, place):
        """Steps until it stands there."""
        while self.step() != place:
            if self.ended:
                raise AssertionError(f"it never came to {place!r}")

    def finish(self):
        """Runs to its end; returns the result or raises what it raised."""
        while not self.ended:
            self.step()
        if self.error:
            raise self.error
        return self.result


class Schedule:
    def __init__(self):
        self.mine = threading.local()

    def current(self):
        return getattr(self.mine, "thread", None)

    def lock(self):
        return _Lock(self)

    def event(self):
        return _Event(self)

    def point(self, name):
        me = self.current()
        if me:
            me.pause(name)

    def thread(self, call, *arguments):
        return Thread(self, call, arguments)

    def __enter__(self):
        self._before, sync.maker = sync.maker, self
        return self

    def __exit__(self, *_):
        sync.maker = self._before
