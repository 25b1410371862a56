import unittest

from club.access import model, rules, view
from club.customer import Customer


class Passs(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Pass(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "door": "Tennis"})
        self.assertEqual(model.Pass.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) may open {self.one.door}")

    def test_rules(self):
        self.assertTrue(rules.allowed([self.one], self.customer, "Tennis"))
        self.assertFalse(rules.allowed([self.one], Customer(8, "Bo"), "Tennis"))


if __name__ == "__main__":
    unittest.main()
