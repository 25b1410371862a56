"""How often one digest asks the database, for tracker sizes from tiny to middling."""

import sqlite3
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digest import build  # noqa: E402

LIMIT = 12


def tracker(members: int):
    db = sqlite3.connect(":memory:")
    db.executescript((ROOT / "schema.sql").read_text())
    for project in range(members // 2 + 1):
        db.execute("INSERT INTO project VALUES (?, ?)", (project, f"Project {project}"))
        for n in range(6):
            issue = project * 10 + n
            db.execute("INSERT INTO issue VALUES (?, ?, ?, ?, ?)", (issue, project, n, f"Issue {n}", f"2026-03-0{n + 1}"))
            db.execute("INSERT INTO comment VALUES (?, ?, ?, ?, ?, 0)", (issue, issue, n, "2026-03-04", "Hm."))
    for member in range(members):
        db.execute("INSERT INTO member VALUES (?, ?, ?, 1)", (member, f"Member {member:03}", f"m{member}@example.org"))
        for step in (0, 1, 3):
            db.execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", (member, (member + step) % (members // 2 + 1)))
        db.execute("INSERT INTO mute VALUES (?, ?)", (member, member % 7))
    return db


def main() -> int:
    worst = 0
    for members in (2, 10, 50):
        db = tracker(members)
        asked = []
        db.set_trace_callback(asked.append)
        mails = build(db, "2026-03-02", "2026-03-09")
        worst = max(worst, len(asked))
        print(f"{members:>3} members, {len(mails):>3} mails: {len(asked)} queries")
    if worst > LIMIT:
        print(f"too many: at most {LIMIT}, whatever the size")
    return 1 if worst > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
