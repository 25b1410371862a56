"""Runs limiter with threads whose order it decides, and prints what it saw. Knows nothing of what is right."""

import json
import sys

sys.path.insert(0, sys.argv[1])
from limiter import Bucket, Registry, sync  # noqa: E402
from tests.schedule import Schedule, Stuck  # noqa: E402

SECOND = 1_000_000


def run(threads):
    while not all(thread.ended for thread in threads):
        moved = False
        for thread in threads:
            try:
                while not thread.ended:
                    thread.step()
                    moved = True
            except Stuck:
                pass
        if not moved:
            return


def end(thread):
    return type(thread.error).__name__ if thread.error else thread.result if thread.ended else "stuck"


def orders(make):
    """What came of every order: n steps of the first, then m of the second, then all."""
    found = set()
    for n in range(60):
        over = False
        for m in range(12):
            with Schedule() as schedule:
                look, *calls = make()
                threads = [schedule.thread(*call) for call in calls]
                for thread, steps in ((threads[0], n), (threads[1], m)):
                    try:
                        for _ in range(steps):
                            thread.step()
                    except Stuck:
                        pass
                over = threads[0].ended
                run(threads[2:] + threads[:1] + threads[1:2] if m % 2 else threads[1:] + threads[:1])
                ends = sorted(map(str, map(end, threads)))
            found.add(json.dumps([ends, look()]))
        if over:
            break
    return sorted(found)


def holds():
    me = sync.maker.current()
    return me.holds if me else 0


def takes(size, rate, empty, *times):
    def make():
        bucket = Bucket(size, rate, 0)
        for _ in range(empty):
            bucket.take(0)
        return (lambda: [bucket.take(max(times)) for _ in range(3)]), *((bucket.take, time) for time in times)

    return orders(make)


def clocks(*times):
    with Schedule():
        bucket = Bucket(9, 1, 0)
        for _ in range(9):
            bucket.take(0)
        return [bucket.take(time) for time in times]


def loads(callers, fails=(), steps=1):
    def make():
        asked, held = [], []

        def load(partner):
            asked.append(partner)
            number = len(asked)
            held.append(holds())
            for _ in range(steps):
                sync.point("load")
            if number in fails:
                raise OSError("no database")
            return 4, 0

        def clock():
            held.append(holds())
            sync.point("clock")
            return 0

        registry = Registry(load, clock)
        return (lambda: [max(held), len(asked) if not fails else len(asked) <= len(callers)]), *((registry.allow, who) for who in callers)

    return orders(make)


def others():
    found = []
    with Schedule() as schedule:

        def load(partner):
            if partner == "slow":
                sync.point("slow")
            return 1, 0

        registry = Registry(load, lambda: 0)
        slow = schedule.thread(registry.allow, "slow")
        slow.until("slow")
        for who in "ab":
            quick = schedule.thread(registry.allow, who)
            run([quick])
            found.append(end(quick))
        run([slow])
        found.append(end(slow))
    return found


def slow_clock():
    with Schedule() as schedule:
        first = []

        def clock():
            if sync.maker.current() is first[0] if first else False:
                sync.point("slow")
            return 0

        registry = Registry(lambda partner: (5, 0), clock)
        registry.allow("a")
        registry.allow("b")
        one = schedule.thread(registry.allow, "a")
        first.append(one)
        one.until("slow")
        found = []
        for who in "ab":
            two = schedule.thread(registry.allow, who)
            run([two])
            found.append(end(two))
        run([one])
        return found + [end(one)]


def forgotten(joins):
    asked = []
    with Schedule() as schedule:

        def load(partner):
            asked.append(partner)
            number = len(asked)
            sync.point("load")
            return (1, 0) if number == 1 else (3, 0)

        registry = Registry(load, lambda: 0)
        old = schedule.thread(registry.allow, "a")
        old.until("load")
        early = schedule.thread(registry.allow, "a")
        registry.forget("a")
        if joins:
            run([schedule.thread(registry.allow, "a")])
        run([old])
        run([early])
        return [end(old), end(early), [registry.allow("a") for _ in range(4)], len(asked)]


def failed_once():
    asked = []

    def load(partner):
        asked.append(partner)
        if len(asked) == 1:
            raise OSError("no database")
        return 1, 0

    with Schedule():
        registry = Registry(load, lambda: 0)
        try:
            registry.allow("a")
        except OSError as error:
            asked.append(str(error))
        return asked, registry.allow("a"), registry.allow("a")


def waiters():
    asked = []
    with Schedule() as schedule:

        def load(partner):
            asked.append(partner)
            sync.point("load")
            if len(asked) == 1:
                raise OSError("no database")
            return 1, 0

        registry = Registry(load, lambda: 0)
        threads = [schedule.thread(registry.allow, "a") for _ in range(3)]
        threads[0].until("load")
        for thread in threads[1:]:
            try:
                for _ in range(30):
                    thread.step()
            except Stuck:
                pass
        run(threads)
        return [end(t) for t in threads], len(asked), registry.allow("a")


print(
    json.dumps(
        {
            "one token, two threads": takes(1, 0, 0, 0, 0),
            "three tokens, three threads": takes(3, 0, 0, 0, 0, 0),
            "time is gained once": takes(9, 1, 9, 2 * SECOND, 2 * SECOND),
            "older and newer": takes(9, 1, 9, 3 * SECOND, SECOND, 2 * SECOND),
            "never above the size": takes(2, 5, 0, SECOND, SECOND),
            "clocks that go back": [clocks(*(n * SECOND for n in times)) for times in [(2, 1, 2, 3), (2, 0, 0, 1, 2), (1, 0, 1), (0, 5, 1, 2, 3, 4, 5)]],
            "one load for three": loads("aaa"),
            "a load for each": loads("aba", steps=2),
            "a load that fails": [failed_once(), waiters()],
            "others go on": others(),
            "a slow clock": slow_clock(),
            "forgotten": [forgotten(False), forgotten(True)],
        }
    )
)
