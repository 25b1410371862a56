"""A basket as a receipt."""

from . import words
from .money import show, to_cents
from .tax import taxes


def amounts(basket):
    return [(line.code, to_cents(line.count * line.price)) for line in basket]


def total(basket):
    return sum(net + tax for _, net, tax in taxes(amounts(basket)))


def render(basket) -> str:
    rows = []
    for line, (code, amount) in zip(basket, amounts(basket)):
        rows.append(f"{line.text:<24}{code} {show(amount):>10}")
    for code, net, tax in taxes(amounts(basket)):
        rows.append(f"{words.TAX} {code} {show(net):>12}{show(tax):>10}")
    rows.append(f"{words.TOTAL:<24}  {show(total(basket)):>10}")
    return "\n".join(rows) + "\n"
