import unittest

from jsondoc import PatchError, apply


class Patch(unittest.TestCase):
    def test_add_to_an_object(self):
        self.assertEqual(apply({"a": 1}, [{"op": "add", "path": "/b", "value": [2]}]), {"a": 1, "b": [2]})

    def test_remove_from_an_object(self):
        self.assertEqual(apply({"a": 1, "b": {"c": 2}}, [{"op": "remove", "path": "/b/c"}]), {"a": 1, "b": {}})

    def test_arrays(self):
        for path, want in [("/0", [9, 1, 2]), ("/2", [1, 2, 9]), ("/-", [1, 2, 9])]:
            with self.subTest(path):
                self.assertEqual(apply([1, 2], [{"op": "add", "path": path, "value": 9}]), want)

    def test_what_cannot_be_carried_out(self):
        for path in ["/3", "/-1", "/01", "/x", "x", "/~2", "/0/x", None]:
            with self.subTest(path), self.assertRaises(PatchError):
                apply([1, 2], [{"op": "add", "path": path, "value": 9}])

    def test_all_or_nothing(self):
        document = {"a": [1]}
        with self.assertRaises(PatchError) as failed:
            apply(document, [{"op": "add", "path": "/a/-", "value": 2}, {"op": "remove", "path": "/b"}])
        self.assertEqual((failed.exception.index, document), (1, {"a": [1]}))

    def test_a_copy_is_of_its_own(self):
        patch = [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/b/-", "value": 1}]
        self.assertEqual(apply({"a": []}, patch), {"a": [], "b": [1]})

    def test_one_is_not_true(self):
        apply({"a": [1]}, [{"op": "test", "path": "/a", "value": [1.0]}])
        with self.assertRaises(PatchError):
            apply({"a": [1]}, [{"op": "test", "path": "/a", "value": [True]}])


if __name__ == "__main__":
    unittest.main()
