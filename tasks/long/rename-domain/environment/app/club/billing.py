"""Sends invoices to the bank. Its library calls everybody a customer."""

from vendor import bank


def send(invoice):
    """Hands an invoice of a customer over."""
    return bank.charge(bank.Customer(ref=str(invoice.customer.number)), invoice.amount, customer_text=f"Customer {invoice.customer.number}")
