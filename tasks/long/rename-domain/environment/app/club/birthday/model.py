"""Greeting: what a customer has here."""

from dataclasses import dataclass

from club.customer import Customer


@dataclass(frozen=True)
class Greeting:
    customer: Customer
    month: str

    def to_json(self):
        """As it is kept on disk."""
        return {"customer_id": self.customer.number, "customer_name": self.customer.name, "month": self.month}

    @classmethod
    def from_json(cls, kept):
        customer = Customer(kept["customer_id"], kept["customer_name"])
        return cls(customer, kept["month"])
