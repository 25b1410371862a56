"""Newsletters as text."""

from club.newsletter import model
from club.store import load

FILE = "customers_newsletter.json"


def line(one: model.Newsletter):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) reads about {one.topic}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Newsletter.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
