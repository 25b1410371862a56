import unittest

from tabula.formats import formatted, general, known


class FormatsTest(unittest.TestCase):
    def test_known(self):
        for pattern in ("0", "0.00", "#,##0", "#,##0.0", "0%", "0.0%"):
            self.assertTrue(known(pattern), pattern)
        for pattern in ("", "0.", "#", "0.1", "%", "0,0", "0%%"):
            self.assertFalse(known(pattern), pattern)

    def test_formatted(self):
        self.assertEqual(formatted(1234567.891, "#,##0.00"), "1,234,567.89")
        self.assertEqual(formatted(-3.0, "0.0"), "-3.0")
        self.assertEqual(formatted(0.256, "0%"), "26%")

    def test_halves_go_away_from_zero(self):
        for number, wanted in ((2.675, "2.68"), (1.005, "1.01"), (-0.005, "-0.01"), (-0.004, "0.00")):
            self.assertEqual(formatted(number, "0.00"), wanted)
        self.assertEqual([formatted(0.145, "0%"), formatted(-123.0, "#,##0"), formatted(-1234.5, "#,##0")], ["15%", "-123", "-1,235"])

    def test_twelve_digits(self):
        self.assertEqual([general(0.1 + 0.2), general(1e15), general(2 / 3)], ["0.3", "1e+15", "0.666666666667"])

    def test_general(self):
        self.assertEqual([general(3.0), general(-0.5), general(123456789012345.0)], ["3", "-0.5", "123456789012345"])


if __name__ == "__main__":
    unittest.main()
