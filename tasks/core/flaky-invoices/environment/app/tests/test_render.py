import unittest
from datetime import date

from ledger import Book, Line, render

WANT = """\
Invoice ACME-2030-0001
Date 2030-03-01  Due 2030-04-01

   2 x Oil filter                DE19       23.00
   1 x Workshop manual            DE7       39.95
   3 x Seal ring                 DE19        1.47

       Tax DE19     on        24.47        4.65
       Tax DE7      on        39.95        2.80
       Total                               71.87
"""


class RenderTest(unittest.TestCase):
    def test_the_whole_page(self):
        lines = [
            Line("Oil filter", 2, 1150, "DE19"),
            Line("Workshop manual", 1, 3995, "DE7"),
            Line("Seal ring", 3, 49, "DE19"),
        ]
        self.assertEqual(render(Book("ACME").invoice(date(2030, 3, 1), lines)), WANT)
