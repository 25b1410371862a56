"""Newsletters as text."""

from club.newsletter import model
from club.store import load

FILE = "customers_newsletter.json"


def line(one: model.Newsletter):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) reads about {one.topic}"


def page(folder):
    """All of them, by member number."""
    found = [model.Newsletter.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
