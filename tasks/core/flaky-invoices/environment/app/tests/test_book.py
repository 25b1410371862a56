import unittest
from datetime import date

from ledger import Book, Line

FILTER = Line("Oil filter", 2, 1150, "DE19")


class BookTest(unittest.TestCase):
    def test_numbers_start_at_one(self):
        book = Book("ACME")
        self.assertEqual(book.invoice(date(2026, 3, 3), [FILTER]).number, "ACME-2026-0001")
        self.assertEqual(book.invoice(date(2026, 3, 4), [FILTER]).number, "ACME-2026-0002")

    def test_numbers_start_again_with_the_year(self):
        book = Book("ACME")
        book.invoice(date(2027, 12, 30), [FILTER])
        self.assertEqual(book.invoice(date(2028, 1, 2), [FILTER]).number, "ACME-2028-0001")

    def test_open_invoices(self):
        book = Book("ACME")
        paid = book.invoice(date(2029, 3, 3), [FILTER])
        left = book.invoice(date(2029, 3, 4), [FILTER])
        paid.paid = True
        self.assertIn(left, book.open())
        self.assertNotIn(paid, book.open())
