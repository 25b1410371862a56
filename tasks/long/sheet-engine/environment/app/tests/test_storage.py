import tempfile
import unittest
from pathlib import Path

from tabula.storage import BadFile, Document

LINES = ["# Fields", "", "B1: =A1*2", "A1: 4", "format B1: 0.00", "  "]


class StorageTest(unittest.TestCase):
    def test_lines_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.sheet"
            path.write_text("\n".join(LINES), encoding="utf-8")
            document = Document.load(path)
            document.set("A1", "5")
            document.set("C1", "new")
            document.save(path)
            wanted = [*LINES[:3], "A1: 5", *LINES[4:], "C1: new"]
            self.assertEqual(path.read_text(encoding="utf-8").split("\n"), [*wanted, ""])
            self.assertEqual(document.sheet.shown("B1"), "10.00")

    def test_a_cleared_cell_goes(self):
        document = Document(list(LINES))
        document.set("B1", "")
        self.assertEqual(document.lines, LINES[:2] + LINES[3:])

    def test_bad_files(self):
        for line in ("A1 4", "a1: 4", "format A1: 1.0", "A0: 1", "A1: "):
            with self.subTest(line), self.assertRaises(BadFile):
                Document([line])
        with self.assertRaisesRegex(BadFile, "line 2: A1 is there already"):
            Document(["A1: 1", "A1: 2"])


if __name__ == "__main__":
    unittest.main()
