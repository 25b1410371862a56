import unittest

from club.waiting import model, rules, view
from club.customer import Customer


class Waitings(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Waiting(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "court": "Tennis"})
        self.assertEqual(model.Waiting.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) waits for {self.one.court}")

    def test_rules(self):
        self.assertEqual(rules.next_customer([self.one], "Tennis"), self.customer)
        self.assertEqual(rules.without([self.one], self.customer), [])


if __name__ == "__main__":
    unittest.main()
