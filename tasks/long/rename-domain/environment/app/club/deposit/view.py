"""Deposits as text."""

from club.deposit import model
from club.store import load

FILE = "customers_deposit.json"


def line(one: model.Deposit):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) left a deposit of {one.amount}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Deposit.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
