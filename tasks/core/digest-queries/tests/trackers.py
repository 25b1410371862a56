"""Made-up trackers, the same in every process, and the weeks to ask them for."""

import sqlite3

WEEKS = [("2026-03-02T00:00:00", "2026-03-09T00:00:00"), ("2026-03-09T00:00:00", "2026-03-16T00:00:00"), ("2027", "2028")]
# seed, members, projects, issues, comments
SIZES = [(1, 0, 0, 0, 0), (2, 1, 1, 3, 4), (3, 9, 4, 60, 200), (4, 40, 13, 500, 2500), (5, 150, 60, 1500, 6000)]


def numbers(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def tracker(seed, members, projects, issues, comments):
    rows = numbers(seed)
    pick = lambda n: next(rows) % n
    db = sqlite3.connect(":memory:", isolation_level=None)
    with open("/tests/schema.sql", encoding="utf-8") as file:
        db.executescript(file.read())
    when = lambda: f"2026-03-{1 + pick(16):02}T{pick(3) * 12 % 24:02}:00:00"  # few enough for ties
    db.executemany(
        "INSERT INTO member VALUES (?, ?, ?, ?)",
        [(n * 3 + 1, f"M{pick(members // 2 + 1)}", f"m{n}@example.org", int(pick(5) > 0)) for n in range(members)],
    )
    # Two projects may share a name.
    db.executemany("INSERT INTO project VALUES (?, ?)", [(n + 1, f"P{pick(projects)}") for n in range(projects)])
    if projects:
        db.executemany(
            "INSERT OR IGNORE INTO membership VALUES (?, ?)",
            [(pick(members + 1) * 3 + 1, 1 + pick(projects + 1)) for _ in range(members * 3)],
        )
        # Ids don't rise with the numbers.
        db.executemany(
            "INSERT INTO issue VALUES (?, ?, ?, ?, ?)",
            [(10 * issues - n * 7, 1 + pick(projects), n + 1, f"Title {pick(99)}", when()) for n in range(issues)],
        )
        db.executemany(
            "INSERT OR IGNORE INTO mute VALUES (?, ?)",
            [(pick(members) * 3 + 1, 10 * issues - pick(issues) * 7) for _ in range(members * 4)],
        )
        db.executemany(
            "INSERT OR IGNORE INTO comment VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1 + pick(comments * 4), 10 * issues - pick(issues) * 7, pick(members + 2) * 3 + 1, when(), f"Text {n}", int(pick(6) == 0))
                for n in range(comments)
            ],
        )
    return db


def changed(db):
    """Something happens between two digests."""
    db.execute("UPDATE member SET name = name || ' (moved)' WHERE id % 2 = 1")
    db.execute("UPDATE comment SET removed = 1 - removed WHERE id % 5 = 0")
    db.execute("UPDATE project SET name = 'New ' || name WHERE id % 3 = 0")
    db.execute("DELETE FROM mute WHERE issue % 2 = 0")
