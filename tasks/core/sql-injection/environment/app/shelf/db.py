"""Tables."""

import sqlite3

SCHEMA = """
CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, author TEXT, year INTEGER, branch TEXT);
CREATE TABLE loans_2024 (book INTEGER, day TEXT);
CREATE TABLE loans_2025 (book INTEGER, day TEXT);
CREATE TABLE loans_2026 (book INTEGER, day TEXT);
CREATE TABLE staff (name TEXT, password TEXT);
CREATE TABLE searches (word TEXT);
CREATE TABLE saved (reader TEXT, name TEXT, params TEXT);
"""


def create(path=":memory:"):
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    db.executescript(SCHEMA)
    return db
