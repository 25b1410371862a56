"""Greetings as text."""

from club.birthday import model
from club.store import load

FILE = "customers_birthday.json"


def line(one: model.Greeting):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) has birthday in {one.month}"


def page(folder):
    """All of them, by member number."""
    found = [model.Greeting.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
