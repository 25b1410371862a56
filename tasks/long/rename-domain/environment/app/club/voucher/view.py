"""Vouchers as text."""

from club.voucher import model
from club.store import load

FILE = "customers_voucher.json"


def line(one: model.Voucher):
    """For the desk."""
    return f"Customer {one.customer.number} ({one.customer.name}) was given {one.amount}"


def page(folder):
    """All of them, by customer number."""
    found = [model.Voucher.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.customer.number)) or "no customers"
