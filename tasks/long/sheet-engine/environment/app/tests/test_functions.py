import unittest

from tabula import functions
from tabula.errors import DIV0
from tabula.sheet import Sheet

TEXTS = {"A1": "3", "A2": "1", "A3": "x", "A5": "TRUE", "A6": "'2", "B1": "one", "B2": "two", "B3": "three"}


def shown(formula):
    sheet = Sheet()
    sheet.put({**TEXTS, "Z1": "=" + formula})
    return sheet.shown("Z1")


class FunctionsTest(unittest.TestCase):
    def check(self, *cases):
        for formula, wanted in cases:
            with self.subTest(formula):
                self.assertEqual(shown(formula), wanted)

    def test_over_ranges_only_numbers_count(self):
        self.check(("SUM(A1:A6)", "4"), ("AVERAGE(A1:A6)", "2"), ("COUNT(A1:A6)", "2"), ("COUNTA(A1:A6)", "5"), ("MAX(A1:A6,9)", "9"), ("MIN(A4:A4)", "0"))

    def test_alone_all_count(self):
        self.check(("SUM(A1,A6)", "5"), ("SUM(A5,A5)", "2"), ("SUM(A3)", "#VALUE!"), ("MEDIAN(1,2,5,9)", "3.5"), ("PRODUCT(2,3,4)", "24"))

    def test_numbers(self):
        self.check(("ROUND(1.26,1)", "1.3"), ("INT(-1.5)", "-2"), ("MOD(-7,3)", "2"), ("SQRT(-1)", "#NUM!"), ("SIGN(-2)", "-1"), ("LOG10(1000)", "3"))

    def test_texts(self):
        self.check(('MID("abcdef",2,3)', "bcd"), ('LEFT("abc")', "a"), ('RIGHT("abc",2)', "bc"), ('TRIM("  a  b ")', "a b"), ('TEXT(0.5,"0%")', "50%"))

    def test_lookup(self):
        self.check(("VLOOKUP(1,A1:B3,2)", "two"), ("VLOOKUP(8,A1:B3,2)", "#N/A"), ("MATCH(\"TWO\",B1:B3)", "2"), ("INDEX(A1:B3,3,2)", "three"), ("INDEX(A1:B3,4)", "#REF!"))

    def test_conditions(self):
        self.check(("AND(TRUE,1)", "TRUE"), ("OR(A4:A5)", "TRUE"), ("NOT(0)", "TRUE"), ('COUNTIF(A1:A6,">1")', "2"), ('SUMIF(B1:B3,"t*",A1:A3)', "0"), ('SUMIF(B1:B3,"two",A1:A3)', "1"))

    def test_own_functions(self):
        functions.register("TWICE", lambda value: value * 2, 1, 1)
        functions.register("BROKEN", lambda: DIV0, 0, 0)
        self.check(("Twice(4)", "8"), ("IFERROR(BROKEN(),1)", "1"))


if __name__ == "__main__":
    unittest.main()
