import unittest
from pathlib import Path

from papershelf.app import App

ROOT = str(Path(__file__).parent.parent / "site")


class AppTest(unittest.TestCase):
    def get(self, target, method="GET"):
        return App(ROOT).handle(method, target)

    def test_a_file(self):
        answer = self.get("/css/main.css?v=3")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/css; charset=utf-8")

    def test_a_folder_means_its_index(self):
        self.assertIn(b"<h1>Reports</h1>", self.get("/").body)

    def test_a_name_with_a_space(self):
        self.assertEqual(self.get("/reports/read%20me.txt").status, 200)

    def test_the_newest_quarter(self):
        self.assertEqual(self.get("/latest/summary.csv").status, 200)

    def test_nothing_there(self):
        self.assertEqual(self.get("/reports/2031.txt").status, 404)

    def test_dots_in_the_path(self):
        self.assertEqual(self.get("/../site-drafts/q2.txt").status, 404)

    def test_head_has_no_body(self):
        answer = self.get("/css/main.css", "HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_other_methods(self):
        self.assertEqual(self.get("/", "POST").status, 405)
