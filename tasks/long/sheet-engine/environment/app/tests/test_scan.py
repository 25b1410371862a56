import unittest

from tabula import scan


class ScanTest(unittest.TestCase):
    def test_last_operator(self):
        self.assertEqual(scan.last_operator("1-2-3", ("+", "-")), (3, "-"))
        self.assertEqual(scan.last_operator("2*-3", ("+", "-")), None)
        self.assertEqual(scan.last_operator('"a-b"&(1-2)', ("+", "-")), None)

    def test_arguments(self):
        self.assertEqual(scan.arguments('1,"a,b",(2,3)'), ["1", '"a,b"', "(2,3)"])
        self.assertEqual(scan.arguments(" "), [])

    def test_group(self):
        self.assertTrue(scan.is_group("(1+(2))"))
        self.assertFalse(scan.is_group("(1)+(2)"))


if __name__ == "__main__":
    unittest.main()
