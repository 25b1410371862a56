"""The requests of the audit. None may show the password or harm a table; refused is fine, and so is nothing found."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shelf import app  # noqa: E402
from shelf.errors import BadRequest  # noqa: E402
from tests.books import library  # noqa: E402

REQUESTS = [
    {"q": "x' UNION SELECT name, password, 1, 1 FROM staff --"},
    {"branch": "x' UNION SELECT name, password, 1, 1 FROM staff --"},
    {"author": 'x" UNION SELECT name, password, 1, 1 FROM staff --'},
    {"loans_of": "2026 l ON 0 WHERE 0 UNION SELECT name, password, 1, 1 FROM staff --"},
    {"sort": "(SELECT CASE WHEN password LIKE 's%' THEN b.id ELSE -b.id END FROM staff)"},
    {"limit": "(SELECT length(password) FROM staff)"},
    {"q": "x'); DROP TABLE staff; --"},
]
wrong = 0
for number, request in enumerate(REQUESTS, 1):
    db = library()
    try:
        found = str(app.handle(db, request))
    except BadRequest:
        found = "refused"
    except Exception as error:  # whatever it is, the reader sees a 500
        found = f"500 {type(error).__name__}"
    left = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'staff'").fetchone()[0]
    if "sesame" in found or "500" in found or not left or len(found) > 2 and found != "refused":
        wrong += 1
        print(f"{number}. {request}: {found[:60]}{'' if left else ', and the table is gone'}")
print(f"{wrong} findings")
sys.exit(1 if wrong else 0)
