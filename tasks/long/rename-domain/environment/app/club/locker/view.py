"""Lockers as text."""

from club.locker import model
from club.store import load

FILE = "customers_locker.json"


def line(one: model.Locker):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) has locker {one.key}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Locker.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
