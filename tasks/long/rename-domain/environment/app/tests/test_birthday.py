import unittest

from club.birthday import model, rules, view
from club.customer import Customer


class Greetings(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Greeting(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "month": "Tennis"})
        self.assertEqual(model.Greeting.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) has birthday in {self.one.month}")

    def test_rules(self):
        self.assertEqual(rules.next_customer([self.one], "Tennis"), self.customer)
        self.assertEqual(rules.without([self.one], self.customer), [])


if __name__ == "__main__":
    unittest.main()
