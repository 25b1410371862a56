"""What is sent, and who sends it."""

from dataclasses import dataclass


class Refused(Exception):
    """We don't take it; says why."""


@dataclass(frozen=True)
class Parcel:
    postcode: str
    weight: int  # grams
    length: int  # centimetres, as are the other two
    width: int
    height: int
    value: int = 0  # cents

    @property
    def sides(self):
        return (self.length, self.width, self.height)


@dataclass(frozen=True)
class Customer:
    name: str = ""
    sent_last_month: int = 0
