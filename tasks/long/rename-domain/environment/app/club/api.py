"""What other programs may use."""

from club.customer import Customer, CustomerError, find_customer, new_customer

__all__ = ["Customer", "CustomerError", "find_customer", "new_customer"]
