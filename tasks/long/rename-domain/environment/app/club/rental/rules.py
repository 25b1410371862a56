"""Rules for rentals."""

from club.rental.model import Rental

MOST_PER_CUSTOMER = 2


class RentalRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, racket):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise RentalRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Rental(customer, racket))
    return found[-1]
