"""Lesson: what a customer has here."""

from dataclasses import dataclass

from club.customer import Customer


@dataclass(frozen=True)
class Lesson:
    customer: Customer
    coach: str

    def to_json(self):
        """As it is kept on disk."""
        return {"customer_id": self.customer.number, "customer_name": self.customer.name, "coach": self.coach}

    @classmethod
    def from_json(cls, kept):
        customer = Customer(kept["customer_id"], kept["customer_name"])
        return cls(customer, kept["coach"])
