"""Guests as text."""

from club.guest import model
from club.store import load

FILE = "customers_guest.json"


def line(one: model.Guest):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) brings {one.name}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Guest.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
