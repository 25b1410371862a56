import unittest

from tabula import refs


class RefsTest(unittest.TestCase):
    def test_columns(self):
        for letters, number in (("A", 1), ("Z", 26), ("AA", 27), ("ZZ", 702)):
            self.assertEqual(refs.column_number(letters), number)
            self.assertEqual(refs.column_letters(number), letters)

    def test_cells(self):
        for text, found in (("B7", True), ("$b$7", True), ("ZZ9999", True), ("AAA1", False), ("A0", False), ("A10000", False)):
            self.assertEqual(refs.is_cell(text), found, text)

    def test_ranges(self):
        self.assertEqual(refs.cells("A1:B2"), [["A1", "B1"], ["A2", "B2"]])
        self.assertEqual(refs.cells("$C$3"), [["C3"]])

    def test_order(self):
        self.assertEqual(sorted(["B1", "A10", "A2", "AA1"], key=refs.position), ["B1", "AA1", "A2", "A10"])


if __name__ == "__main__":
    unittest.main()
