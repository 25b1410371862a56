import unittest

from tabula.copying import moved, places


class CopyingTest(unittest.TestCase):
    def test_references_move(self):
        self.assertEqual(moved("=A1 + sum(B2:C3)", 1, 1), "=B2 + sum(C3:D4)")
        self.assertEqual(moved("=$A$1*Z9", 2, 1), "=$A$1*AA11")

    def test_texts_stay(self):
        self.assertEqual(moved("A1", 1, 1), "A1")
        self.assertEqual(moved("'=A1", 1, 1), "'=A1")

    def test_one_cell_fills_a_range(self):
        self.assertEqual(places("A1", "B1:B2"), [("B1", "A1"), ("B2", "A1")])

    def test_a_range_goes_to_the_first_cell(self):
        self.assertEqual(places("A1:A2", "C3:D9"), [("C3", "A1"), ("C4", "A2")])
        self.assertEqual(places("A1:B1", "ZZ9"), [("ZZ9", "A1")])


if __name__ == "__main__":
    unittest.main()
