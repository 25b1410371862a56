import unittest

from tally.money import cents, show
from tally.report import report


class Refunds(unittest.TestCase):
    def test_there_and_back(self):
        for text in ("-3.50", "-0.05", "3.50", "0.00"):
            self.assertEqual(show(cents(text)), text)

    def test_they_are_counted(self):
        self.assertEqual(report(["Ana;5\n", "Ana;-1\n"]), "Ana: 4.00\nrefunds: 1")
