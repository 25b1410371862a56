import unittest

from tabula.cells import Cell, constant


class CellsTest(unittest.TestCase):
    def test_constants(self):
        found = [constant(text) for text in ("12", "-3.5", "007", "+5", "true", "'12", "a b", "1e3", "0")]
        self.assertEqual(found, [12.0, -3.5, "007", "+5", True, "12", "a b", "1e3", 0.0])

    def test_formulas(self):
        self.assertTrue(Cell("=1").is_formula())
        self.assertFalse(Cell("'=1").is_formula())


if __name__ == "__main__":
    unittest.main()
