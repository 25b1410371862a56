"""What changed."""


def changed(db, project, since, until):
    return db.execute(
        "SELECT id, number, title FROM issue WHERE project = ? AND changed >= ? AND changed < ? ORDER BY number",
        (project, since, until),
    ).fetchall()
