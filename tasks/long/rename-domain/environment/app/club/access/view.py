"""Passs as text."""

from club.access import model
from club.store import load

FILE = "customers_access.json"


def line(one: model.Pass):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) may open {one.door}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Pass.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
