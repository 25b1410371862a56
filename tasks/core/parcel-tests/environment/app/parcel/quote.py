"""The price of a parcel. The rules are in the README."""

from .model import Refused
from .zones import zone

STEP = 500
HEAVIEST = 31500
FIRST = {"A": 320, "B": 410, "C": 690}
FURTHER = {"A": 45, "B": 60, "C": 110}
DISCOUNTS = ((200, 15), (50, 10))


def billed_weight(parcel):
    """Actual or volumetric weight, before it is rounded to steps."""
    length, width, height = parcel.sides
    volumetric = -(-length * width * height // 5)
    return max(parcel.weight, volumetric)


def steps(grams):
    # Whole steps, and one more for what is left.
    return grams // STEP + 1


def carriage(parcel):
    grams = billed_weight(parcel)
    if grams > HEAVIEST:
        raise Refused("too heavy")
    where = zone(parcel.postcode)
    return FIRST[where] + (steps(grams) - 1) * FURTHER[where]


def discounted(price, customer):
    for least, percent in DISCOUNTS:
        if customer.sent_last_month >= least:
            return (price * (100 - percent) + 50) // 100
    return price


def insurance(value):
    if value <= 10000:
        return 0
    return max(250, -(-value // 100))


def quote(parcel, customer):
    """What the customer pays for the parcel, in cents."""
    if min(*parcel.sides, parcel.weight) <= 0:
        raise Refused("not a parcel")
    price = discounted(carriage(parcel), customer)
    if max(parcel.sides) > 120:
        price += 800
    return price + insurance(parcel.value)
