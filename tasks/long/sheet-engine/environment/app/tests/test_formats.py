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

    def test_general(self):
        self.assertEqual([general(3.0), general(-0.5), general(123456789012345.0)], ["3", "-0.5", "123456789012345"])


if __name__ == "__main__":
    unittest.main()
