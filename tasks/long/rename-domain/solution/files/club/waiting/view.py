"""Waitings as text."""

from club.waiting import model
from club.store import load

FILE = "customers_waiting.json"


def line(one: model.Waiting):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) waits for {one.court}"


def page(folder):
    """All of them, by member number."""
    found = [model.Waiting.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
