import contextlib
import io
import json
import pathlib
import tempfile
import unittest

from hive import migrate

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


class Steps(unittest.TestCase):
    def test_from_1(self):
        old = [{"hive": "Linden 3", "date": "14.5.2023", "weight": "31,5", "note": "calm"}]
        new = [{"hive": "Linden 3", "date": "2023-05-14", "weight_kg": 31.5, "note": "calm"}]
        self.assertEqual(migrate.from_1(old), {"format": 2, "visits": new})

    def test_not_weighed(self):
        old = [{"hive": "Linden 3", "date": "1.12.2023", "weight": "", "note": ""}]
        self.assertIsNone(migrate.from_1(old)["visits"][0]["weight_kg"])


class Files(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)

    def migrate(self, name):
        path = self.place / name
        path.write_bytes((EXAMPLES / name).read_bytes())
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = migrate.files([str(path)])
        return code, json.loads(path.read_text()), out.getvalue().replace(str(self.place) + "/", "")

    def test_the_club(self):
        code, data, said = self.migrate("club.json")
        self.assertEqual((code, said), (0, "club.json: 2 -> 4\n"))
        self.assertEqual(data["format"], 4)
        self.assertEqual([visit["date"] for visit in data["hives"][0]["visits"]], ["2024-05-20", "2024-06-01"])

    def test_the_old_file_stays(self):
        self.migrate("linden.json")
        self.assertEqual((self.place / "linden.json.bak-1").read_bytes(), (EXAMPLES / "linden.json").read_bytes())


if __name__ == "__main__":
    unittest.main()
