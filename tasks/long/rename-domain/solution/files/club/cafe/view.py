"""Tabs as text."""

from club.cafe import model
from club.store import load

FILE = "customers_cafe.json"


def line(one: model.Tab):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) has a tab of {one.amount}"


def page(folder):
    """All of them, by member number."""
    found = [model.Tab.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
