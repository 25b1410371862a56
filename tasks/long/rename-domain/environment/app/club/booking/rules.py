"""Rules for bookings."""

from club.booking.model import Booking

MOST_PER_CUSTOMER = 2


class BookingRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, court):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise BookingRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Booking(customer, court))
    return found[-1]
