"""Familys as text."""

from club.family import model
from club.store import load

FILE = "customers_family.json"


def line(one: model.Family):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) is family of {one.partner}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Family.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
