"""Puts the mails together."""

from dataclasses import dataclass

from . import comments, issues, people


@dataclass(frozen=True)
class Item:
    number: int
    title: str
    comment: str | None
    author: str | None


@dataclass(frozen=True)
class Section:
    project: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Mail:
    to: str
    name: str
    sections: tuple[Section, ...]


def build(db, since: str, until: str) -> list[Mail]:
    """The mails of one week. `db` is a connection to the tracker's database."""
    mails = []
    for member, name, mail in people.active(db):
        sections = []
        for project, title in people.projects(db, member):
            items = []
            for issue, number, subject in issues.changed(db, project, since, until):
                if people.has_muted(db, member, issue):
                    continue
                comment = comments.latest(db, issue, until)
                if comment is None:
                    items.append(Item(number, subject, None, None))
                else:
                    author, body = comment
                    items.append(Item(number, subject, body, people.name(db, author)))
            if items:
                sections.append(Section(title, tuple(items)))
        if sections:
            mails.append(Mail(mail, name, tuple(sections)))
    return mails
