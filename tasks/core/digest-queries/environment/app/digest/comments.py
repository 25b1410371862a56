"""The latest comment."""


def latest(db, issue, until):
    return db.execute(
        "SELECT author, body FROM comment WHERE issue = ? AND written < ? AND removed = 0"
        " ORDER BY written DESC, id DESC LIMIT 1",
        (issue, until),
    ).fetchone()
