"""Bookings as text."""

from club.booking import model
from club.store import load

FILE = "customers_booking.json"


def line(one: model.Booking):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) has court {one.court}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Booking.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
