"""Who comes to the club."""

import os
from dataclasses import dataclass

LIMIT = int(os.environ.get("CLUB_CUSTOMER_LIMIT", "900"))


class CustomerError(ValueError):
    """This can't be a customer."""


@dataclass(frozen=True)
class Customer:
    number: int
    name: str


def find_customer(customers, number):
    """The customer with this number, or None."""
    return next((customer for customer in customers if customer.number == number), None)


def new_customer(customers, name):
    """One more customer, with the next number."""
    if len(customers) >= LIMIT:
        raise CustomerError("no more customers")
    return Customer(max((customer.number for customer in customers), default=0) + 1, name)
