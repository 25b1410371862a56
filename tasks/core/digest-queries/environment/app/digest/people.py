"""Members, their projects, what they muted."""


def active(db):
    return db.execute("SELECT id, name, mail FROM member WHERE active = 1 ORDER BY name, id").fetchall()


def projects(db, member):
    return db.execute(
        "SELECT project.id, project.name FROM membership JOIN project ON project.id = membership.project"
        " WHERE membership.member = ? ORDER BY project.name, project.id",
        (member,),
    ).fetchall()


def has_muted(db, member, issue):
    found = db.execute("SELECT 1 FROM mute WHERE member = ? AND issue = ?", (member, issue)).fetchone()
    return found is not None


def name(db, member):
    found = db.execute("SELECT name FROM member WHERE id = ?", (member,)).fetchone()
    return found[0] if found else "somebody"
