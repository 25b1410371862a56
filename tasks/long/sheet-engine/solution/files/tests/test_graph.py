import unittest

from tabula.graph import Graph


class GraphTest(unittest.TestCase):
    def test_dependents(self):
        graph = Graph()
        graph.add("B1", {"A1"}, set())
        graph.add("B2", set(), {"C9:A1"})
        self.assertEqual([graph.dependents(name) for name in ("A1", "C9", "D1")], [["B1", "B2"], ["B2"], []])
        graph.remove("B2")
        self.assertEqual([graph.dependents(name) for name in ("A1", "C9")], [["B1"], []])

    def test_order(self):
        graph = Graph()
        graph.add("D1", {"B1", "C1"}, set())
        graph.add("C1", {"B1"}, set())
        graph.add("B1", {"A1"}, set())
        self.assertEqual([group for group, _ in graph.order({"A1"})[0]], [["B1"], ["C1"], ["D1"]])

    def test_cycles(self):
        graph = Graph()
        graph.add("A1", {"B1"}, set())
        graph.add("B1", {"A1"}, set())
        graph.add("C1", {"B1"}, set())
        self.assertEqual([(sorted(group), cycle) for group, cycle in graph.order({"A1"})[0]], [(["A1", "B1"], True), (["C1"], False)])


if __name__ == "__main__":
    unittest.main()
