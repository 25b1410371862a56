import pathlib
import tempfile
import unittest

from hive import store


class Store(unittest.TestCase):
    def test_what_is_saved_is_loaded(self):
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "a.json"
            store.save(path, {"format": 4, "hives": []})
            self.assertEqual(store.load(path), {"format": 4, "hives": []})
            self.assertEqual([entry.name for entry in pathlib.Path(place).iterdir()], ["a.json"])

    def test_old_files_are_not_loaded(self):
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "a.json"
            path.write_text("[]")
            with self.assertRaises(ValueError):
                store.load(path)


if __name__ == "__main__":
    unittest.main()
