"""Invoices as text."""

from club.invoice import model
from club.store import load

FILE = "customers_invoice.json"


def line(one: model.Invoice):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) owes {one.amount}"


def page(folder):
    """All of them, by member number."""
    found = [model.Invoice.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
