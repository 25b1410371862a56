import unittest

from limiter import Bucket

SECOND = 1_000_000


class One(unittest.TestCase):
    def test_begins_full(self):
        bucket = Bucket(2, 1, 0)
        self.assertEqual([bucket.take(0), bucket.take(0), bucket.take(0)], [True, True, False])

    def test_gains_with_time(self):
        bucket = Bucket(1, 2, 0)
        self.assertEqual([bucket.take(0), bucket.take(499_999), bucket.take(500_000), bucket.take(500_001)], [True, False, True, False])

    def test_never_above_its_size(self):
        bucket = Bucket(1, 1, 0)
        self.assertEqual([bucket.take(90 * SECOND), bucket.take(90 * SECOND)], [True, False])


if __name__ == "__main__":
    unittest.main()
