"""Invoices as text."""

from club.invoice import model
from club.store import load

FILE = "customers_invoice.json"


def line(one: model.Invoice):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) owes {one.amount}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Invoice.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
