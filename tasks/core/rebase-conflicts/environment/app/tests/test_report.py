import unittest

from tally.report import report


class Report(unittest.TestCase):
    def test_names_are_added_up(self):
        self.assertEqual(report(["Bo;2\n", "Ana;1.5\n", "Bo;0.25\n"]), "Ana: 1.50\nBo: 2.25")
