import unittest

from club.complaint import model, rules, view
from club.customer import Customer


class Complaints(unittest.TestCase):
    def setUp(self):
        self.customer = Customer(7, "Ada")
        self.one = model.Complaint(self.customer, "Tennis")

    def test_kept_as_before(self):
        kept = self.one.to_json()
        self.assertEqual(kept, {"customer_id": 7, "customer_name": "Ada", "topic": "Tennis"})
        self.assertEqual(model.Complaint.from_json(kept), self.one)

    def test_text(self):
        self.assertEqual(view.line(self.one), f"Customer 7 (Ada) complains about {self.one.topic}")

    def test_rules(self):
        self.assertEqual(rules.topics_by_customer([self.one]), {self.customer: ["tennis"]})
        self.assertEqual(rules.has_no_customer([self.one], custom=["tennis", "golf"]), ["golf"])


if __name__ == "__main__":
    unittest.main()
