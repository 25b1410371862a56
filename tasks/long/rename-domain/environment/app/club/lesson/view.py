"""Lessons as text."""

from club.lesson import model
from club.store import load

FILE = "customers_lesson.json"


def line(one: model.Lesson):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) learns with {one.coach}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Lesson.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
