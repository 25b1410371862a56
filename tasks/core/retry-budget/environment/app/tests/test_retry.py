import unittest

from tollgate.errors import Permanent, Temporary
from tollgate.retry import Budget, Retry

from .fakes import Clock, Rng


def failing(times, error=None):
    """A function that fails so often, and then gives how often it was called."""
    calls = []

    def function():
        calls.append(1)
        if len(calls) <= times:
            raise error or Temporary("503")
        return len(calls)

    function.calls = calls
    return function


class RetryTest(unittest.TestCase):
    def setUp(self):
        self.clock, self.rng = Clock(), Rng()

    def retry(self, **more):
        return Retry(self.clock, self.rng, budget=Budget(self.clock, spare=100), **more)

    def test_pauses_double(self):
        self.assertEqual(self.retry().call(failing(3)), 4)
        self.assertEqual(self.clock.slept, [0.2, 0.4, 0.8])

    def test_the_last_failure_goes_through(self):
        function = failing(9)
        with self.assertRaises(Temporary):
            self.retry().call(function)
        self.assertEqual(len(function.calls), 4)

    def test_other_exceptions_go_through_at_once(self):
        function = failing(9, Permanent("404"))
        with self.assertRaises(Permanent):
            self.retry().call(function)
        self.assertEqual(len(function.calls), 1)

    def test_retry_after(self):
        self.assertEqual(self.retry().call(failing(1, Temporary("429", 7.0))), 2)
        self.assertEqual(self.clock.slept, [7.0])

    def test_the_deadline(self):
        function = failing(9)
        with self.assertRaises(Temporary):
            self.retry(tries=99, deadline=1.0).call(function)
        self.assertEqual(self.clock.slept, [0.2, 0.4])


class BudgetTest(unittest.TestCase):
    def test_spare_and_ratio(self):
        clock = Clock()
        budget = Budget(clock, ratio=0.1, spare=1)
        for _ in range(20):
            budget.first()
        self.assertEqual([budget.allows() for _ in range(5)], [True, True, True, False, False])
