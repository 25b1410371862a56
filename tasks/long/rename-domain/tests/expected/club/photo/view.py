"""Consents as text."""

from club.photo import model
from club.store import load

FILE = "customers_photo.json"


def line(one: model.Consent):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) may be shown in {one.album}"


def page(folder):
    """All of them, by member number."""
    found = [model.Consent.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
