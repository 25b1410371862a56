import unittest

from tabula.sheet import Sheet


class SheetTest(unittest.TestCase):
    def test_what_refers_to_a_cell_follows_it(self):
        sheet = Sheet()
        sheet.put({"B1": "=A1*2", "C1": "=B1+1", "A1": "4"})
        self.assertEqual([sheet.shown(name) for name in ("B1", "C1")], ["8", "9"])
        sheet.set("a1", "5")
        self.assertEqual([sheet.shown(name) for name in ("B1", "C1")], ["10", "11"])

    def test_against_the_order_of_rows(self):
        sheet = Sheet()
        sheet.put({"A1": "=A2", "A2": "=A3", "A3": "=A4", "A4": "7"})
        self.assertEqual(sheet.shown("A1"), "7")

    def test_clearing(self):
        sheet = Sheet()
        sheet.put({"A1": "4", "B1": "=A1"})
        sheet.set("A1", "")
        self.assertEqual([sheet.names(), sheet.shown("B1"), sheet.text("A1")], [["B1"], "", ""])

    def test_formats(self):
        sheet = Sheet()
        sheet.put({"A1": "1234.5", "A2": "text"})
        for name in ("A1", "A2"):
            sheet.set_format(name, "#,##0.00")
        self.assertEqual([sheet.shown("A1"), sheet.shown("A2"), sheet.value("A1")], ["1,234.50", "text", 1234.5])
        sheet.set_format("A1", "")
        self.assertEqual(sheet.shown("A1"), "1234.5")

    def test_copying_takes_the_format_along(self):
        sheet = Sheet()
        sheet.put({"A1": "2", "B1": "=A1*2"})
        sheet.set_format("B1", "0.0")
        self.assertEqual(sheet.copy("A1:B1", "A2"), ["A2", "B2"])
        self.assertEqual([sheet.text("B2"), sheet.shown("B2")], ["=A2*2", "4.0"])


if __name__ == "__main__":
    unittest.main()
