import unittest

from club import billing
from club.member import Member
from club.invoice.model import Invoice


class Billing(unittest.TestCase):
    def test_what_the_bank_gets(self):
        self.assertEqual(billing.send(Invoice(Member(7, "Ada"), 1200)), "7: 1200 (Member 7)")


if __name__ == "__main__":
    unittest.main()
