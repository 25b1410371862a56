"""From the bank, version 3.1. Don't change it."""


class Customer:
    def __init__(self, ref):
        self.ref = ref


def charge(customer, cents, customer_text):
    """Says what would be charged."""
    return f"{customer.ref}: {cents} ({customer_text})"
