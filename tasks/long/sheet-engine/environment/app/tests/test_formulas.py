import unittest

from tabula.sheet import Sheet


def shown(formula, **texts):
    sheet = Sheet()
    sheet.put({**texts, "Z1": "=" + formula})
    return sheet.shown("Z1")


class FormulasTest(unittest.TestCase):
    def check(self, cases, **texts):
        for formula, wanted in cases:
            with self.subTest(formula):
                self.assertEqual(shown(formula, **texts), wanted)

    def test_operators(self):
        self.check([("1+2*3", "7"), ("(1+2)*3", "9"), ("8-3-2", "3"), ("8/2/2", "2"), ("-2^2", "4"), ("2*-3", "-6"), ("5%", "0.05"), ("- 1", "-1")])

    def test_comparisons(self):
        self.check([("1<2", "TRUE"), ("2<>2", "FALSE"), ('"a"="A"', "TRUE"), ("1<2<3", "FALSE"), ('"b">="a"', "TRUE")])

    def test_texts(self):
        self.check([('"a"&1', "a1"), ('"say ""hi"""', 'say "hi"'), ('"1-2"', "1-2"), ('"("&")"', "()")])

    def test_cells(self):
        self.check([("A1+B1", "3"), ("$A$1&b1", "12"), ("C1", ""), ("C1+1", "1"), ("D1+1", "#VALUE!")], A1="1", B1="2", D1="x")

    def test_what_cannot_be_read(self):
        self.check([("1 2", "#SYNTAX!"), ("(1", "#SYNTAX!"), ("SUM (1)", "#SYNTAX!"), ("nothing", "#NAME?"), ("nothing(1)", "#NAME?")])

    def test_lazy_functions(self):
        self.check([("IF(TRUE,1,1/0)", "1"), ("IFERROR(1/0,7)", "7"), ("CHOOSE(2,1/0,5,nothing)", "5"), ("IF(FALSE,1)", "FALSE")])

    def test_arguments(self):
        self.check([("ABS()", "#VALUE!"), ("ABS(1,2)", "#VALUE!"), ("sum(1,2,3)", "6"), ('LEN("a,b")', "3"), ("A1:B2", "#VALUE!")])


if __name__ == "__main__":
    unittest.main()
