"""What people search for."""


def note(db, word):
    db.executescript(f"INSERT INTO searches VALUES ('{word}');")


def often(db):
    """The five most frequent searches, with their counts."""
    found = []
    for (word,) in db.execute("SELECT DISTINCT word FROM searches").fetchall():
        # comes from our own table, so there is nothing to escape
        found += [(word, count) for (count,) in db.execute(f"SELECT count(*) FROM searches WHERE word = '{word}'")]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:5]
