import unittest

from club.waiting import model, rules, view
from club.member import Member


class Waitings(unittest.TestCase):
    def setUp(self):
        self.member = Member(7, "Ada")
        self.one = model.Waiting(self.member, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "court": "Tennis"})
        self.assertEqual(model.Waiting.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Member 7 (Ada) waits for {self.one.court}")

    def test_rules(self):
        self.assertEqual(rules.next_member([self.one], "Tennis"), self.member)
        self.assertEqual(rules.without([self.one], self.member), [])


if __name__ == "__main__":
    unittest.main()
