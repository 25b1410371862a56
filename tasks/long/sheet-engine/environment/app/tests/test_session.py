import io
import unittest

from tabula.session import Session
from tabula.storage import Document


class SessionTest(unittest.TestCase):
    def test_a_change_says_what_changed(self):
        out = io.StringIO()
        session = Session(Document(["A1: 1", "B1: =A1*2", "A2: =A1>0"]), "nowhere", out)
        bad = session.run(["set A1 3\n", "# remark\n", "\n", "get B1\n", "copy B1 B2\n", "set\n", "clear A1\n"])
        self.assertEqual(out.getvalue(), "A1 3\nB1 6\n6\nB2 2\n? set\nA1\nB1 0\nA2 FALSE\nB2 0\n")
        self.assertEqual(bad, 1)


if __name__ == "__main__":
    unittest.main()
