"""Rentals as text."""

from club.rental import model
from club.store import load

FILE = "customers_rental.json"


def line(one: model.Rental):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) borrowed {one.racket}"


def page(folder):
    """All of them, by member number."""
    found = [model.Rental.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
