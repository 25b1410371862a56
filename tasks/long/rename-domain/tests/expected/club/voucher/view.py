"""Vouchers as text."""

from club.voucher import model
from club.store import load

FILE = "customers_voucher.json"


def line(one: model.Voucher):
    """For the desk."""
    return f"Member {one.member.number} ({one.member.name}) was given {one.amount}"


def page(folder):
    """All of them, by member number."""
    found = [model.Voucher.from_json(kept) for kept in load(folder, FILE)]
    return "\n".join(line(one) for one in sorted(found, key=lambda one: one.member.number)) or "no members"
