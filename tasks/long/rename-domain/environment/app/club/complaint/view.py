"""Complaints as text."""

from club.complaint import model
from club.store import load

FILE = "customers_complaint.json"


def line(one: model.Complaint):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) complains about {one.topic}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Complaint.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
