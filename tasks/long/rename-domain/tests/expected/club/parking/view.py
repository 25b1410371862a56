"""Permits as text."""

from club.parking import model
from club.store import load

FILE = "customers_parking.json"


def line(one: model.Permit):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) parks {one.plate}"


def page(folder):
    """All of them, by member number."""
    found = [model.Permit.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
