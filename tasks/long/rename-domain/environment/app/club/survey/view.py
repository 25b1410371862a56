"""Replys as text."""

from club.survey import model
from club.store import load

FILE = "customers_survey.json"


def line(one: model.Reply):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) was asked about {one.topic}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Reply.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
