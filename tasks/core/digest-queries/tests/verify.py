"""Works the mails out again, slowly, and compares. Imports nothing from /app."""

import json
import subprocess
import sys

sys.path.append("/tests")

from trackers import SIZES, WEEKS, changed, tracker

LIMIT = 16  # "about a dozen"


def rows(db, sql, *given):
    return db.execute(sql, given).fetchall()


def mails(db, since, until):
    """What must be written, straight from the README."""
    found = []
    for member, name, mail in rows(db, "SELECT id, name, mail FROM member WHERE active = 1 ORDER BY name, id"):
        text = [f"To: {name} <{mail}>", ""]
        for project, title in rows(
            db,
            "SELECT id, name FROM project WHERE id IN (SELECT project FROM membership WHERE member = ?) ORDER BY name, id",
            member,
        ):
            lines = []
            for issue, number, subject in rows(
                db,
                "SELECT id, number, title FROM issue WHERE project = ? AND ? <= changed AND changed < ?"
                " AND id NOT IN (SELECT issue FROM mute WHERE member = ?) ORDER BY number",
                project, since, until, member,
            ):
                lines.append(f"  #{number} {subject}")
                for author, body in rows(
                    db,
                    "SELECT author, body FROM comment WHERE issue = ? AND written < ? AND removed = 0"
                    " ORDER BY written DESC, id DESC LIMIT 1",
                    issue, until,
                ):
                    by = rows(db, "SELECT name FROM member WHERE id = ?", author)
                    lines.append(f"      {by[0][0] if by else 'somebody'}: {body}")
            if lines:
                text += [title, *lines, ""]
        if len(text) > 2:
            found.append("\n".join(text))
    return found


run = subprocess.run([sys.executable, "-I", "/tests/probe.py"], cwd="/", capture_output=True, text=True, timeout=60)
try:
    got = json.loads(run.stdout)
except ValueError:
    sys.exit(f"no answer from the project\n{run.stdout[-1000:]}\n{run.stderr[-3000:]}")

turn = iter(got)
total = 0
for size in SIZES:
    db = tracker(*size)
    for again in range(2):
        for week in WEEKS:
            text, asked = next(turn, [None, 0])
            want = mails(db, *week)
            total += len(want)
            if text != want:
                sys.exit(f"other mails: tracker {size}, week {week}, digest {again + 1}")
            if asked > LIMIT:
                sys.exit(f"{asked} statements: tracker {size}, week {week}")
        changed(db)
    if next(turn, None) != ["same schema", True]:
        sys.exit("the schema isn't what it was")
if total < 100 or next(turn, None) is not None:
    sys.exit("not what was asked for")
print(f"{total} mails compared")
