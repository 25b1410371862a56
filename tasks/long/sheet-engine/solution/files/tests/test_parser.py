import unittest

from tabula.errors import SYNTAX
from tabula.lexer import Unreadable, tokenize
from tabula.parser import Constant, Operation, Sign, parse


class ParserTest(unittest.TestCase):
    def test_tokens_know_where_they_stand(self):
        found = [(token.kind, token.text, token.start) for token in tokenize(' sum(A1:$b$2)& "A1"')]
        wanted = [("call", "sum(", 1), ("area", "A1:$b$2", 5), ("sign", ")", 12), ("sign", "&", 13), ("string", '"A1"', 15)]
        self.assertEqual(found, wanted)

    def test_a_quote_without_end(self):
        with self.assertRaises(Unreadable):
            tokenize('1&"a')

    def test_signs_bind_before_powers(self):
        self.assertEqual(parse("-2^2").tree, Operation("^", Sign("-", Constant(2.0)), Constant(2.0)))

    def test_what_a_formula_refers_to(self):
        formula = parse("IF(a1,$B$2,SUM(C1:$C$9))")
        self.assertEqual((formula.cells, formula.areas), ({"A1", "B2"}, {"C1:C9"}))

    def test_what_cannot_be_read(self):
        for text in ("", "1+", "(1", "1)", "SUM(1,)", "SUM (1)", "1 2"):
            with self.subTest(text):
                self.assertEqual(parse(text).tree, Constant(SYNTAX))


if __name__ == "__main__":
    unittest.main()
