"""Rules for lockers."""

from club.locker.model import Locker

MOST_PER_CUSTOMER = 1


class LockerRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, key):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise LockerRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Locker(customer, key))
    return found[-1]
