import unittest

from tally.report import report


class Categories(unittest.TestCase):
    def test_each_has_a_line(self):
        self.assertEqual(report(["Ana;1;food\n", "Ana;2\n", "Ana;3;food\n"]), "Ana: 2.00\nAna (food): 4.00")


class Report(unittest.TestCase):
    def test_names_are_added_up(self):
        self.assertEqual(report(["Bo;2\n", "Ana;1.5\n", "Bo;0.25\n"]), "Ana: 1.50\nBo: 2.25")
