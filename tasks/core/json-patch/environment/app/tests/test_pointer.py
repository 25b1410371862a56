import unittest

from jsondoc import pointer


class Pointer(unittest.TestCase):
    def test_parts(self):
        for text, want in [("", []), ("/", [""]), ("/a/b", ["a", "b"]), ("/a//b", ["a", "", "b"]), ("/a~1b", ["a/b"]), ("/a~0b", ["a~b"])]:
            with self.subTest(text):
                self.assertEqual(pointer.parse(text), want)

    def test_a_pointer_begins_with_a_slash(self):
        with self.assertRaises(pointer.PointerError):
            pointer.parse("a/b")

    def test_find(self):
        document = {"mail": {"to": ["a@example.org", "b@example.org"]}}
        self.assertEqual(pointer.find(document, ["mail", "to", "1"]), "b@example.org")
        with self.assertRaises(pointer.PointerError):
            pointer.find(document, ["mail", "from"])


if __name__ == "__main__":
    unittest.main()
