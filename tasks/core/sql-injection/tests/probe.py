"""Carries out calls, one JSON list a line on stdin, on a library of its own under /app's code; answers with JSON."""

import json
import sys

sys.path.append("/app")  # after the standard library

from shelf import app, db, saved, words
from shelf.errors import BadRequest

setup = json.loads(sys.stdin.readline())
library = None


def fresh():
    made = db.create()
    made.executemany("INSERT INTO books VALUES (?, ?, ?, ?, ?)", setup["books"])
    for year, book in setup["loans"]:
        made.execute(f"INSERT INTO loans_{int(year)} VALUES (?, 'x')", (book,))
    made.execute("INSERT INTO staff VALUES ('ida', 'sesame')")
    return made


for line in sys.stdin:
    what, *rest = json.loads(line)
    try:
        if what == "fresh":
            library = fresh()
            answer = "ok"
        elif what == "handle":
            answer = [[row["title"], row["author"], row["year"], row["loans"], len(row)] for row in app.handle(library, *rest)]
        elif what == "often":
            answer = [list(pair) for pair in words.often(library)]
        elif what == "state":
            answer = [list(row) for row in library.execute("SELECT * FROM staff").fetchall()]
            answer.append([row[0] for row in library.execute("SELECT name FROM sqlite_master ORDER BY name")])
            answer.append([row[0] for row in library.execute("SELECT word FROM searches ORDER BY rowid")])
        else:
            answer = getattr(saved, what)(library, *rest)
            if what == "run":
                answer = [row["title"] for row in answer]
    except BadRequest as why:
        answer = f"refused: {why}"
    except Exception as error:
        answer = f"500 {type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
