"""Rules for lessons."""

from club.lesson.model import Lesson

MOST_PER_CUSTOMER = 3


class LessonRefused(Exception):
    """This customer has enough of them."""


def add(found, customer, coach):
    """One more for a customer, unless there are too many."""
    of_customer = [one for one in found if one.customer == customer]
    if len(of_customer) >= MOST_PER_CUSTOMER:
        raise LessonRefused(f"customer {customer.number} has {len(of_customer)}")
    found.append(Lesson(customer, coach))
    return found[-1]
