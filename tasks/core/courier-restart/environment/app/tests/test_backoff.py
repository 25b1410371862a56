import unittest
from datetime import timedelta

from courier import backoff


class BackoffTest(unittest.TestCase):
    def test_it_doubles_up_to_a_limit(self):
        minutes = [backoff.delay(n) // timedelta(minutes=1) for n in range(1, 9)]
        self.assertEqual(minutes, [10, 20, 40, 80, 160, 320, 360, 360])

    def test_nothing_before_the_first_attempt(self):
        with self.assertRaises(ValueError):
            backoff.delay(0)
