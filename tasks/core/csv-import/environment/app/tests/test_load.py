import unittest

from roster import BadFile, load
from roster.sniff import delimiter


class LoadTest(unittest.TestCase):
    def test_missing_columns(self):
        with self.assertRaises(BadFile) as caught:
            load(b"name;phone\nAda;1\n")
        self.assertEqual(str(caught.exception), "missing column: email")

    def test_an_empty_file(self):
        with self.assertRaises(BadFile):
            load(b"\n\n")

    def test_delimiters(self):
        for text, want in [("name,email", ","), ("name;email", ";"), ("name\temail", "\t"), ("name|email", "|"), ("name", ",")]:
            self.assertEqual(delimiter(text), want)
