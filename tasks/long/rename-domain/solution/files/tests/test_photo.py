import unittest

from club.photo import model, rules, view
from club.member import Member


class Consents(unittest.TestCase):
    def setUp(self):
        self.member = Member(7, "Ada")
        self.one = model.Consent(self.member, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "album": "Tennis"})
        self.assertEqual(model.Consent.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Member 7 (Ada) may be shown in {self.one.album}")

    def test_rules(self):
        self.assertTrue(rules.allowed([self.one], self.member, "Tennis"))
        self.assertFalse(rules.allowed([self.one], Member(8, "Bo"), "Tennis"))


if __name__ == "__main__":
    unittest.main()
