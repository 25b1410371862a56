import unittest

from limiter import Registry


class Partners(unittest.TestCase):
    def test_each_has_his_bucket(self):
        registry = Registry({"a": (1, 1), "b": (2, 1)}.get, lambda: 0)
        self.assertEqual([registry.allow(p) for p in "aabbb"], [True, False, True, True, False])

    def test_load_is_asked_once(self):
        asked = []
        registry = Registry(lambda partner: asked.append(partner) or (1, 1), lambda: 0)
        registry.allow("a")
        registry.allow("a")
        self.assertEqual(asked, ["a"])

    def test_forget(self):
        registry = Registry(lambda partner: (1, 0), lambda: 0)
        registry.allow("a")
        registry.forget("a")
        self.assertTrue(registry.allow("a"))


if __name__ == "__main__":
    unittest.main()
