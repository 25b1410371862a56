"""Replys as text."""

from club.survey import model
from club.store import load

FILE = "customers_survey.json"


def line(one: model.Reply):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) was asked about {one.topic}"


def page(folder):
    """All of them, by member number."""
    found = [model.Reply.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
