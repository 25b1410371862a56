import sqlite3
import unittest
from pathlib import Path

from digest import build, render

SCHEMA = (Path(__file__).parent.parent / "schema.sql").read_text()
SINCE, UNTIL = "2026-03-02T00:00:00", "2026-03-09T00:00:00"

WANT = """\
To: Ana <ana@example.org>

Boats
  #3 Leaks at the bow
      Bo: Found it.
  #9 Paint

Trains
  #1 Too late
      somebody: Same here.
"""


class DigestTest(unittest.TestCase):
    def setUp(self):
        self.db = sqlite3.connect(":memory:")
        self.addCleanup(self.db.close)
        self.db.executescript(SCHEMA)
        self.db.executemany(
            "INSERT INTO member VALUES (?, ?, ?, ?)",
            [(1, "Ana", "ana@example.org", 1), (2, "Bo", "bo@example.org", 0), (3, "Cy", "cy@example.org", 1)],
        )
        self.db.executemany("INSERT INTO project VALUES (?, ?)", [(1, "Trains"), (2, "Boats")])
        self.db.executemany("INSERT INTO membership VALUES (?, ?)", [(1, 1), (1, 2), (2, 1)])
        self.db.executemany(
            "INSERT INTO issue VALUES (?, ?, ?, ?, ?)",
            [
                (10, 2, 9, "Paint", "2026-03-05T10:00:00"),
                (11, 2, 3, "Leaks at the bow", "2026-03-02T00:00:00"),
                (12, 1, 1, "Too late", "2026-03-08T23:59:59"),
                (13, 1, 2, "Next week's", "2026-03-09T00:00:00"),
                (14, 1, 4, "Boring", "2026-03-04T00:00:00"),
            ],
        )
        self.db.execute("INSERT INTO mute VALUES (1, 14)")
        self.db.executemany(
            "INSERT INTO comment VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1, 11, 1, "2026-03-01T08:00:00", "Where?", 0),
                (2, 11, 2, "2026-03-03T08:00:00", "Found it.", 0),
                (3, 11, 1, "2026-03-04T08:00:00", "oops", 1),
                (4, 12, 77, "2026-03-05T08:00:00", "Same here.", 0),
            ],
        )

    def test_the_mails_of_a_week(self):
        self.assertEqual([render(mail) for mail in build(self.db, SINCE, UNTIL)], [WANT])

    def test_a_quiet_week(self):
        self.assertEqual(build(self.db, "2025-01-06T00:00:00", "2025-01-13T00:00:00"), [])
