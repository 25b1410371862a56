import unittest

from tally.money import cents
from tally.read import entries
from tally.report import report


class Report(unittest.TestCase):
    def test_names_are_added_up(self):
        self.assertEqual(report(["Bo;2\n", "Ana;1.5\n", "Bo;0.25\n"]), "Ana: 1.50\nBo: 2.25")


class Money(unittest.TestCase):
    def test_points_and_commas(self):
        self.assertEqual([cents("3"), cents("3.5"), cents(" 3,05\n")], [300, 350, 305])


class Read(unittest.TestCase):
    def test_comments(self):
        self.assertEqual([entry.name for entry in entries(["# May\n", "\n", "Ana;1\n"])], ["Ana"])
