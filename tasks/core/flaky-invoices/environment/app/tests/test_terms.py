import unittest
from datetime import date, timedelta

from ledger import Book, Line, overdue
from ledger.clock import today
from ledger.terms import due_date

FILTER = Line("Oil filter", 2, 1150, "DE19")


class TermsTest(unittest.TestCase):
    def test_thirty_days(self):
        self.assertEqual(due_date(date(2026, 3, 3)), date(2026, 4, 2))

    def test_a_weekend_moves_to_monday(self):
        self.assertEqual(due_date(date(2026, 3, 5)), date(2026, 4, 6))
        self.assertEqual(due_date(date(2026, 3, 6)), date(2026, 4, 6))

    def test_late_after_a_month(self):
        invoice = Book("ACME").invoice(today() - timedelta(days=31), [FILTER])
        self.assertTrue(overdue(invoice))

    def test_not_late_on_the_day(self):
        invoice = Book("ACME").invoice(today() - timedelta(days=30), [FILTER])
        self.assertFalse(overdue(invoice))

    def test_paid_is_never_late(self):
        invoice = Book("ACME").invoice(date(2020, 1, 1), [FILTER])
        invoice.paid = True
        self.assertFalse(overdue(invoice))
