"""Rules for guests."""

from club.guest.model import Guest

MOST_PER_CUSTOMER = 2


class GuestRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, name):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise GuestRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Guest(customer, name))
    return found[-1]
