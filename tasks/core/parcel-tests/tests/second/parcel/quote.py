"""The price list, done another way: tables and fractions."""

import math
from fractions import Fraction

from .model import Refused
from .zones import zone

TABLE = {"A": (320, 45), "B": (410, 60), "C": (690, 110)}


def quote(parcel, customer):
    numbers = (parcel.weight, parcel.length, parcel.width, parcel.height)
    if any(number < 1 for number in numbers):
        raise Refused("not a parcel")
    billed = max(parcel.weight, math.ceil(Fraction(parcel.length * parcel.width * parcel.height, 5)))
    if billed > 31500:
        raise Refused("too heavy")
    first, further = TABLE[zone(parcel.postcode)]
    total = Fraction(first + further * (max(1, math.ceil(Fraction(billed, 500))) - 1))
    share = 85 if customer.sent_last_month >= 200 else 90 if customer.sent_last_month >= 50 else 100
    total = math.floor(total * share / 100 + Fraction(1, 2))
    if sorted(parcel.sides)[-1] > 120:
        total += 800
    if parcel.value > 10000:
        total += max(250, math.ceil(Fraction(parcel.value, 100)))
    return total
