"""Permits as text."""

from club.parking import model
from club.store import load

FILE = "customers_parking.json"


def line(one: model.Permit):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) parks {one.plate}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Permit.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
