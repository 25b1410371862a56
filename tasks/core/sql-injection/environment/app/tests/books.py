"""A small library for tests."""

from shelf import db

BOOKS = [
    (1, "Ulysses", "James Joyce", 1922, "North"),
    (2, "At Swim-Two-Birds", "Flann O'Brien", 1939, "St. Mary's"),
    (3, "100 Recipes", "Ida Brandl", 1998, "North"),
    (4, "Wool, 100% pure", "Ida Brandl", 2011, "St. Mary's"),
    (5, "snake_case for all", "Ned Ray", 2011, "North"),
]


def library():
    made = db.create()
    made.executemany("INSERT INTO books VALUES (?, ?, ?, ?, ?)", BOOKS)
    made.executemany("INSERT INTO loans_2026 VALUES (?, '2026-01-02')", [(2,), (2,), (4,), (5,)])
    made.executemany("INSERT INTO loans_2025 VALUES (?, '2025-01-02')", [(1,)])
    made.execute("INSERT INTO staff VALUES ('ida', 'sesame')")
    return made
