import unittest

from till.basket import read
from till.receipt import render, total


class TillTest(unittest.TestCase):
    def test_a_receipt(self):
        page = render(read(["Bread;2;3.10;B", "Soap;1;2.49;A"]))
        self.assertEqual(page.splitlines()[-1].split(), ["Total", "9.81"])

    def test_weights(self):
        self.assertEqual(str(total(read(["Cheese;0.345;19.90;P"]))), "6.87")

    def test_no_line_is_no_receipt(self):
        self.assertEqual(total(read(["", "\n"])), 0)
