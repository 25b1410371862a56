"""Bookings as text."""

from club.booking import model
from club.store import load

FILE = "customers_booking.json"


def line(one: model.Booking):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) has court {one.court}"


def page(folder):
    """All of them, by member number."""
    found = [model.Booking.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
