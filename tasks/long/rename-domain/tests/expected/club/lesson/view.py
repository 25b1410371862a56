"""Lessons as text."""

from club.lesson import model
from club.store import load

FILE = "customers_lesson.json"


def line(one: model.Lesson):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) learns with {one.coach}"


def page(folder):
    """All of them, by member number."""
    found = [model.Lesson.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
