"""Slots as text."""

from club.sauna import model
from club.store import load

FILE = "customers_sauna.json"


def line(one: model.Slot):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) is in the sauna at {one.hour}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Slot.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
