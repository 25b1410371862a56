import unittest

from stagehand import Stuck, closure, plan


class Show:
    def __init__(self, **cues):
        self.cues = {name: needs.split() for name, needs in cues.items()}

    def names(self):
        return list(self.cues)

    def has(self, name):
        return name in self.cues

    def needs(self, name):
        return self.cues[name]


class Plan(unittest.TestCase):
    def test_by_name(self):
        self.assertEqual(plan(Show(cue2="", cue1="", Cue3="")), ["cue1", "cue2", "Cue3"])

    def test_needs_come_first(self):
        self.assertEqual(plan(Show(a="c", b="", c="")), ["b", "c", "a"])

    def test_another_comparison(self):
        self.assertEqual(plan(Show(a="", b="", c=""), lambda x, y: (x < y) - (x > y)), ["c", "b", "a"])

    def test_stuck(self):
        with self.assertRaises(Stuck) as stuck:
            plan(Show(a="b", b="a", c="a", d=""))
        self.assertEqual(stuck.exception.names, ["a", "b", "c"])


class Closure(unittest.TestCase):
    def test_through_others(self):
        self.assertEqual(closure(Show(a="b", b="c d", c="", d=""), "a"), {"b", "c", "d"})

    def test_itself(self):
        self.assertEqual(closure(Show(a="b", b="a"), "a"), {"a", "b"})


if __name__ == "__main__":
    unittest.main()
