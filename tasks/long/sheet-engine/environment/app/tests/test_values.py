import unittest

from tabula.errors import VALUE
from tabula.values import compare, number, text, truth


class ValuesTest(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual([number(None), number(True), number(" 2.5 "), number("x")], [0.0, 1.0, 2.5, VALUE])

    def test_texts(self):
        self.assertEqual([text(None), text(False), text(2.0), text(0.5)], ["", "FALSE", "2", "0.5"])

    def test_truth(self):
        self.assertEqual([truth("true"), truth(0.0), truth("x")], [True, False, VALUE])

    def test_order(self):
        self.assertEqual([compare(2.0, "1"), compare("b", "A"), compare("z", False), compare(None, ""), compare(None, 0.0)], [-1, 1, -1, 0, 0])


if __name__ == "__main__":
    unittest.main()
