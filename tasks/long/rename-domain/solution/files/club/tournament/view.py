"""Entrys as text."""

from club.tournament import model
from club.store import load

FILE = "customers_tournament.json"


def line(one: model.Entry):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) plays in {one.league}"


def page(folder):
    """All of them, by member number."""
    found = [model.Entry.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
