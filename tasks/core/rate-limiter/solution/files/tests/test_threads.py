import unittest

from limiter import Bucket, Registry, sync

from .schedule import Schedule, Stuck

SECOND = 1_000_000


def run(threads):
    """Runs all of them to their ends, whoever can."""
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
            raise AssertionError("they wait for each other")


def orders(make):
    """For each n: n steps of the first thread, then the others, then the rest of it. Gives what `make` gave, and the threads."""
    for n in range(60):
        with Schedule() as schedule:
            state, *calls = make()
            threads = [schedule.thread(*call) for call in calls]
            try:
                for _ in range(n):
                    threads[0].step()
            except Stuck:
                pass
            over = threads[0].ended
            run(threads[1:] + threads[:1])
        yield state, threads
        if over:
            return


class InThreads(unittest.TestCase):
    def test_a_token_is_taken_once(self):
        def make():
            bucket = Bucket(1, 0, 0)
            return bucket, (bucket.take, 0), (bucket.take, 0)

        for _, threads in orders(make):
            self.assertEqual(sorted(t.result for t in threads), [False, True])

    def test_two_tokens_are_two(self):
        def make():
            bucket = Bucket(3, 0, 0)
            return bucket, (bucket.take, 0), (bucket.take, 0)

        for bucket, _ in orders(make):
            self.assertEqual([bucket.take(0), bucket.take(0)], [True, False])

    def test_time_is_gained_once(self):
        def make():
            bucket = Bucket(9, 1, 0)
            for _ in range(9):
                bucket.take(0)
            return bucket, (bucket.take, 2 * SECOND), (bucket.take, 2 * SECOND)

        for bucket, threads in orders(make):
            self.assertEqual([t.result for t in threads], [True, True])
            self.assertFalse(bucket.take(2 * SECOND))

    def test_an_older_time_changes_nothing(self):
        with Schedule():
            bucket = Bucket(9, 1, 0)
            for _ in range(9):
                bucket.take(0)
            self.assertTrue(bucket.take(2 * SECOND))
            self.assertTrue(bucket.take(1 * SECOND))
            self.assertFalse(bucket.take(2 * SECOND))
            self.assertTrue(bucket.take(3 * SECOND))

    def test_load_is_asked_once(self):
        def make():
            asked = []

            def load(partner):
                asked.append(partner)
                sync.point("load")
                return 5, 0

            registry = Registry(load, lambda: 0)
            return (registry, asked), (registry.allow, "a"), (registry.allow, "a"), (registry.allow, "a")

        for (registry, asked), _ in orders(make):
            self.assertEqual(asked, ["a"])
            self.assertEqual([registry.allow("a") for _ in range(3)], [True, True, False])

    def test_nothing_is_called_under_a_lock(self):
        def make():
            held = []

            def clock():
                held.append(schedule_holds())
                sync.point("clock")
                return 0

            def load(partner):
                held.append(schedule_holds())
                sync.point("load")
                return 5, 0

            def schedule_holds():
                me = sync.maker.current() if hasattr(sync.maker, "current") else None
                return me.holds if me else 0

            registry = Registry(load, clock)
            return held, (registry.allow, "a"), (registry.allow, "a")

        for held, _ in orders(make):
            self.assertEqual(set(held), {0})

    def test_others_go_on_while_one_is_loaded(self):
        def load(partner):
            if partner == "slow":
                sync.point("slow")
            return 1, 0

        with Schedule() as schedule:
            registry = Registry(load, lambda: 0)
            slow = schedule.thread(registry.allow, "slow")
            slow.until("slow")
            self.assertTrue(schedule.thread(registry.allow, "quick").finish())
            self.assertTrue(slow.finish())

    def test_a_failure_is_for_all_who_waited_and_not_kept(self):
        def make():
            asked = []

            def load(partner):
                asked.append(partner)
                sync.point("load")
                if len(asked) == 1:
                    raise OSError("no database")
                return 1, 0

            registry = Registry(load, lambda: 0)
            return (registry, asked), (registry.allow, "a"), (registry.allow, "a")

        waited = 0
        for (registry, asked), (first, second) in orders(make):
            failed = [t for t in (first, second) if isinstance(t.error, OSError)]
            self.assertEqual([t.error for t in (first, second) if t not in failed], [None] * (2 - len(failed)))
            self.assertGreater(len(failed), 0)
            waited += len(failed) == 2
            if len(failed) == 2:
                self.assertTrue(registry.allow("a"))
            self.assertEqual(len(asked), 2)
        self.assertGreater(waited, 0)

    def test_what_was_forgotten_while_it_was_loaded_is_not_kept(self):
        answers = [(1, 0), (3, 0)]
        asked = []

        def load(partner):
            answer = answers[len(asked)]
            asked.append(partner)
            sync.point("load")
            return answer

        with Schedule() as schedule:
            registry = Registry(load, lambda: 0)
            old = schedule.thread(registry.allow, "a")
            old.until("load")
            registry.forget("a")
            new = schedule.thread(registry.allow, "a")
            run([new])
            self.assertTrue(old.finish())
            self.assertEqual([registry.allow("a") for _ in range(3)], [True, True, False])
            self.assertEqual(len(asked), 2)


if __name__ == "__main__":
    unittest.main()
