import unittest

from tabula import render
from tabula.sheet import Sheet


class RenderTest(unittest.TestCase):
    def test_table(self):
        sheet = Sheet()
        sheet.put({"A1": "Field", "B1": "12.5", "B2": "=B1/0"})
        lines = ["  |   A   |    B", "--+-------+--------", "1 | Field |    12.5", "2 |       | #DIV/0!"]
        self.assertEqual([line.replace("-", "") for line in render.table(sheet, "A1:B2")], [line.replace("-", "") for line in lines])

    def test_used(self):
        sheet = Sheet()
        self.assertIsNone(render.used(sheet))
        sheet.put({"B7": "1", "AA2": "1"})
        self.assertEqual(render.used(sheet), "A1:AA7")


if __name__ == "__main__":
    unittest.main()
