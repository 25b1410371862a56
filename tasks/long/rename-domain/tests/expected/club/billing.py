"""Sends invoices to the bank. Its library calls everybody a customer."""

from vendor import bank


def send(invoice):
    """Hands an invoice of a member over."""
    return bank.charge(bank.Customer(ref=str(invoice.member.number)), invoice.amount, customer_text=f"Member {invoice.member.number}")
