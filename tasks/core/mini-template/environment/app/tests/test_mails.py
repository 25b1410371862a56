import json
import pathlib
import unittest

from quill import render

MAILS = pathlib.Path(__file__).parent.parent / "mails"


class Mails(unittest.TestCase):
    def test_every_mail_with_its_example(self):
        for data in sorted(MAILS.glob("*.json")):
            with self.subTest(data.stem):
                found = render(data.with_suffix(".txt").read_text(), json.loads(data.read_text()))
                self.assertEqual(found, data.with_suffix(".want").read_text())


if __name__ == "__main__":
    unittest.main()
