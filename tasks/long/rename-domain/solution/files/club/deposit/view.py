"""Deposits as text."""

from club.deposit import model
from club.store import load

FILE = "customers_deposit.json"


def line(one: model.Deposit):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) left a deposit of {one.amount}"


def page(folder):
    """All of them, by member number."""
    found = [model.Deposit.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
