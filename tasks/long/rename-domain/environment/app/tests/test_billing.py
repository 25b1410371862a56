import unittest

from club import billing
from club.customer import Customer
from club.invoice.model import Invoice


class Billing(unittest.TestCase):
    def test_what_the_bank_gets(self):
        self.assertEqual(billing.send(Invoice(Customer(7, "Ada"), 1200)), "7: 1200 (Customer 7)")


if __name__ == "__main__":
    unittest.main()
