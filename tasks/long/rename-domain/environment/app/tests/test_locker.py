import unittest

from club.locker import model, rules, view
from club.customer import Customer


class Lockers(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Locker(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "key": "Tennis"})
        self.assertEqual(model.Locker.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) has locker {self.one.key}")

    def test_rules(self):
        found = []
        for _ in range(rules.MOST_PER_CUSTOMER):
            rules.add(found, self.customer, "Tennis")
        with self.assertRaises(rules.LockerRefused):
            rules.add(found, self.customer, "Tennis")


if __name__ == "__main__":
    unittest.main()
