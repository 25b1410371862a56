import unittest

from club.guest import model, rules, view
from club.customer import Customer


class Guests(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Guest(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "name": "Tennis"})
        self.assertEqual(model.Guest.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) brings {self.one.name}")

    def test_rules(self):
        found = []
        for _ in range(rules.MOST_PER_CUSTOMER):
            rules.add(found, self.customer, "Tennis")
        with self.assertRaises(rules.GuestRefused):
            rules.add(found, self.customer, "Tennis")


if __name__ == "__main__":
    unittest.main()
