"""Reads a basket: text;count;price;code."""

from decimal import Decimal
from typing import NamedTuple

from .money import parse


class Line(NamedTuple):
    text: str
    count: Decimal
    price: Decimal
    code: str


def read(lines):
    found = []
    for line in lines:
        if line.strip():
            text, count, price, code = line.strip().split(";")
            found.append(Line(text, parse(count), parse(price), code))
    return found
