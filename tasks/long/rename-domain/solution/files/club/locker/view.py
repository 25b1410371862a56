"""Lockers as text."""

from club.locker import model
from club.store import load

FILE = "customers_locker.json"


def line(one: model.Locker):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) has locker {one.key}"


def page(folder):
    """All of them, by member number."""
    found = [model.Locker.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
