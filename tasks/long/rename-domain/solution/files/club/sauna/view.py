"""Slots as text."""

from club.sauna import model
from club.store import load

FILE = "customers_sauna.json"


def line(one: model.Slot):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) is in the sauna at {one.hour}"


def page(folder):
    """All of them, by member number."""
    found = [model.Slot.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
