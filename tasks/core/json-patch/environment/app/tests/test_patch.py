import unittest

from jsondoc import apply


class Patch(unittest.TestCase):
    def test_add_to_an_object(self):
        self.assertEqual(apply({"a": 1}, [{"op": "add", "path": "/b", "value": [2]}]), {"a": 1, "b": [2]})

    def test_remove_from_an_object(self):
        self.assertEqual(apply({"a": 1, "b": {"c": 2}}, [{"op": "remove", "path": "/b/c"}]), {"a": 1, "b": {}})


if __name__ == "__main__":
    unittest.main()
