import unittest

from club.locker import model, rules, view
from club.member import Member


class Lockers(unittest.TestCase):
    def setUp(self):
        self.member = Member(7, "Ada")
        self.one = model.Locker(self.member, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "key": "Tennis"})
        self.assertEqual(model.Locker.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Member 7 (Ada) has locker {self.one.key}")

    def test_rules(self):
        found = []
        for _ in range(rules.MOST_PER_MEMBER):
            rules.add(found, self.member, "Tennis")
        with self.assertRaises(rules.LockerRefused):
            rules.add(found, self.member, "Tennis")


if __name__ == "__main__":
    unittest.main()
