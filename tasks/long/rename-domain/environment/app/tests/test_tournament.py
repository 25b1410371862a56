import unittest

from club.tournament import model, rules, view
from club.customer import Customer


class Entrys(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Entry(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "league": "Tennis"})
        self.assertEqual(model.Entry.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) plays in {self.one.league}")

    def test_rules(self):
        self.assertEqual(rules.next_customer([self.one], "Tennis"), self.customer)
        self.assertEqual(rules.without([self.one], self.customer), [])


if __name__ == "__main__":
    unittest.main()
