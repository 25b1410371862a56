import unittest

from tally.money import parse, show


class Refunds(unittest.TestCase):
    def test_there_and_back(self):
        for text in ("-3.50", "-0.05", "3.50", "0.00"):
            self.assertEqual(show(parse(text)), text)
