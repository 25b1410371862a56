"""Rules for saunas."""

from club.sauna.model import Slot

MOST_PER_CUSTOMER = 2


class SlotRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, hour):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise SlotRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Slot(customer, hour))
    return found[-1]
