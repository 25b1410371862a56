import unittest

from club.family import model, rules, view
from club.member import Member


class Familys(unittest.TestCase):
    def setUp(self):
        self.member = Member(7, "Ada")
        self.one = model.Family(self.member, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "partner": "Tennis"})
        self.assertEqual(model.Family.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Member 7 (Ada) is family of {self.one.partner}")

    def test_rules(self):
        found = []
        for _ in range(rules.MOST_PER_MEMBER):
            rules.add(found, self.member, "Tennis")
        with self.assertRaises(rules.FamilyRefused):
            rules.add(found, self.member, "Tennis")


if __name__ == "__main__":
    unittest.main()
