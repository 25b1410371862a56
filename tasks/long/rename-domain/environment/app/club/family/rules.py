"""Rules for familys."""

from club.family.model import Family

MOST_PER_CUSTOMER = 4


class FamilyRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, partner):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise FamilyRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Family(customer, partner))
    return found[-1]
