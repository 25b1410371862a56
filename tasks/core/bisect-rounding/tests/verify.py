"""Asks the probe for receipts and compares them with ones worked out here in whole numbers. Imports nothing from /app."""

import json
import subprocess
import sys

RATES = {"A": 20, "B": 10, "C": 13, "D": 19, "P": 0}


def number(text):
    """A decimal as a whole number of millionths."""
    text = text.strip().replace(",", ".")
    sign = -1 if text.startswith("-") else 1
    whole, _, rest = text.lstrip("-").partition(".")
    return sign * int((whole or "0") + rest.ljust(6, "0"))


def cents(value, unit):
    """Rounded to whole numbers of `unit`, halves away from zero."""
    sign = -1 if value < 0 else 1
    return sign * ((abs(value) * 2 + unit) // (2 * unit))


def show(value):
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"


def want(lines):
    nets, rows = {}, []
    for line in lines:
        text, count, price, code = line.split(";")
        amount = cents(number(count) * number(price), 10**10)
        nets[code] = nets.get(code, 0) + amount
        rows.append(f"{text[:23]:<24}{code} {show(amount):>10}")
    parts = [(code, net, cents(net * RATES[code], 100)) for code, net in sorted(nets.items())]
    total = show(sum(net + tax for _, net, tax in parts))
    rows += [f"Tax {code} {show(net):>12}{show(tax):>10}" for code, net, tax in parts]
    rows += ["=" * 36, f"{'Total':<24}  {total:>10}"]
    return [total, [[code, show(net), show(tax)] for code, net, tax in parts], "\n".join(rows) + "\n"]


BASKETS = [
    ["Pears;0.355;3.00;P", "Vase;1;7.03;B"],
    ["Lamp;-1;12.25;B"],
    ["Fern;2;6.20;C", "String;-2.5;0.45;P"],
    ["Pears; 0,355 ;3,00;P"],
    ["Plums;0,125;1;P", "Plums;-0,125;1;P", "Plums;0,375;1;P", "Plums;-0.375;1;P"],
    ["A very long name of an article;3;19,99;D"],
    ["Soap;1;0.02;A", "Soap;1;0.10;A", "Bread;1;0.05;B"],
]
BASKETS += [[f"Thing;{sign}1;{units // 100}.{units % 100:02};{code}"] for sign in ("", "-") for code in "ABCD" for units in range(1, 260, 3)]
BASKETS += [[f"Weight;{sign}0{comma}{grams:03};{price};C", f"Crate;{sign}1;3,00;P"] for sign in ("", "-") for comma in ",." for grams in (5, 125, 345, 355, 875) for price in ("3.00", "19,90", "0.20", "1.40")]

asked = "".join(json.dumps(basket) + "\n" for basket in BASKETS)
run = subprocess.run([sys.executable, "-I", "/tests/probe.py"], cwd="/", input=asked, capture_output=True, text=True, timeout=60)
lines = run.stdout.splitlines()
if len(lines) != len(BASKETS):
    sys.exit(f"{len(lines)} answers to {len(BASKETS)} baskets\n{run.stderr[-2000:]}")
# A zero may have a sign.
found = [json.loads(line.replace(" -0.00", "  0.00").replace('"-0.00"', '"0.00"')) for line in lines]
bad = [(basket, want(basket), answer) for basket, answer in zip(BASKETS, found) if answer != want(basket)]
for basket, wanted, answer in bad[:5]:
    print(f"{basket}:\n  wanted {wanted}\n  found  {answer}")
print(f"{len(bad)} of {len(BASKETS)} wrong")
sys.exit(1 if bad else 0)
