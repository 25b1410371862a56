"""Guests as text."""

from club.guest import model
from club.store import load

FILE = "customers_guest.json"


def line(one: model.Guest):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) brings {one.name}"


def page(folder):
    """All of them, by member number."""
    found = [model.Guest.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
