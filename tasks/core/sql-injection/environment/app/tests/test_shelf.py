import unittest

from shelf import app, saved, words

from .books import library


def titles(rows):
    return [row["title"] for row in rows]


class ShelfTest(unittest.TestCase):
    def setUp(self):
        self.db = library()

    def test_search(self):
        self.assertEqual(titles(app.handle(self.db, {"q": "swim"})), ["At Swim-Two-Birds"])
        self.assertEqual(titles(app.handle(self.db, {"branch": "North", "sort": "-year"})), ["snake_case for all", "100 Recipes", "Ulysses"])

    def test_loans(self):
        self.assertEqual(titles(app.handle(self.db, {"sort": "-loans", "limit": "1"})), ["At Swim-Two-Birds"])
        self.assertEqual(titles(app.handle(self.db, {"sort": "-loans", "limit": "1", "loans_of": "2025"})), ["Ulysses"])

    def test_words(self):
        for word in ("cats", "dogs", "cats"):
            app.handle(self.db, {"q": word})
        self.assertEqual(words.often(self.db), [("cats", 2), ("dogs", 1)])

    def test_saved(self):
        saved.save(self.db, "mia", "new", {"sort": "-year", "limit": "2"})
        self.assertEqual(saved.names(self.db, "mia"), ["new"])
        self.assertEqual(titles(saved.run(self.db, "mia", "new")), ["Wool, 100% pure", "snake_case for all"])
