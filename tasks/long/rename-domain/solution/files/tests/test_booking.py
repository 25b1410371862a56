import unittest

from club.booking import model, rules, view
from club.member import Member


class Bookings(unittest.TestCase):
    def setUp(self):
        self.member = Member(7, "Ada")
        self.one = model.Booking(self.member, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "court": "Tennis"})
        self.assertEqual(model.Booking.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Member 7 (Ada) has court {self.one.court}")

    def test_rules(self):
        found = []
        for _ in range(rules.MOST_PER_MEMBER):
            rules.add(found, self.member, "Tennis")
        with self.assertRaises(rules.BookingRefused):
            rules.add(found, self.member, "Tennis")


if __name__ == "__main__":
    unittest.main()
