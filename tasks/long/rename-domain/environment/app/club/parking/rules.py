"""Rules for parkings."""

from club.parking.model import Permit

MOST_PER_CUSTOMER = 1


class PermitRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, plate):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise PermitRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Permit(customer, plate))
    return found[-1]
