import unittest

from club.cafe import model, rules, view
from club.customer import Customer


class Tabs(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Tab(self.customer, 1200)

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "amount": 1200})
        self.assertEqual(model.Tab.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) has a tab of {self.one.amount}")

    def test_rules(self):
        found = [self.one, model.Tab(Customer(8, "Bo"), 3000 + 1)]
        self.assertEqual(rules.open_of(found, self.customer), 1200)
        self.assertEqual([customer.number for customer in rules.customers_over_the_limit(found)], [8])


if __name__ == "__main__":
    unittest.main()
