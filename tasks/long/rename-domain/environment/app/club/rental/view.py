"""Rentals as text."""

from club.rental import model
from club.store import load

FILE = "customers_rental.json"


def line(one: model.Rental):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) borrowed {one.racket}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Rental.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
