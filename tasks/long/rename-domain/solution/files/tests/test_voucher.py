import unittest

from club.voucher import model, rules, view
from club.member import Member


class Vouchers(unittest.TestCase):
    def setUp(self):
        self.member = Member(7, "Ada")
        self.one = model.Voucher(self.member, 1200)

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "amount": 1200})
        self.assertEqual(model.Voucher.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Member 7 (Ada) was given {self.one.amount}")

    def test_rules(self):
        found = [self.one, model.Voucher(Member(8, "Bo"), 2500 + 1)]
        self.assertEqual(rules.open_of(found, self.member), 1200)
        self.assertEqual([member.number for member in rules.members_over_the_limit(found)], [8])


if __name__ == "__main__":
    unittest.main()
