"""Entrys as text."""

from club.tournament import model
from club.store import load

FILE = "customers_tournament.json"


def line(one: model.Entry):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) plays in {one.league}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Entry.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
