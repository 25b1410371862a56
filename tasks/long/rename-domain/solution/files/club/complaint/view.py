"""Complaints as text."""

from club.complaint import model
from club.store import load

FILE = "customers_complaint.json"


def line(one: model.Complaint):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) complains about {one.topic}"


def page(folder):
    """All of them, by member number."""
    found = [model.Complaint.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
