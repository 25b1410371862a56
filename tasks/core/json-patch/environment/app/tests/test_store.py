import tempfile
import unittest

from jsondoc import Store


class Documents(unittest.TestCase):
    def test_a_patch_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(folder)
            store.write("mail", {"from": "a@example.org"})
            store.patch("mail", [{"op": "add", "path": "/reply", "value": "b@example.org"}])
            self.assertEqual(store.read("mail"), {"from": "a@example.org", "reply": "b@example.org"})


if __name__ == "__main__":
    unittest.main()
