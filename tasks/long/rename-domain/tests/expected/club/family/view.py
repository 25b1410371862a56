"""Familys as text."""

from club.family import model
from club.store import load

FILE = "customers_family.json"


def line(one: model.Family):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) is family of {one.partner}"


def page(folder):
    """All of them, by member number."""
    found = [model.Family.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
