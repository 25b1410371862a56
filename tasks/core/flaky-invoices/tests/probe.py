"""Plays scenarios on the project under /app and prints what came of them, as JSON."""

import json
import os
import sys
from datetime import date

sys.path.append("/app")  # after the standard library

os.environ["LEDGER_TODAY"] = "2026-05-01"
import ledger

L = ledger.Line
CODES = ["EU0", "DE7", "AT20", "DE19", "AT10"]


def pages():
    book = ledger.Book("NORD")
    found = []
    for turn in range(len(CODES)):
        order = CODES[turn:] + CODES[:turn] + CODES[::2]
        lines = [L(f"Part {n}", n + 1, 333 * n + 5, code) for n, code in enumerate(order)]
        found.append(ledger.render(book.invoice(date(2026, 4, 1 + turn), lines)))
    return found


def books():
    first, second = ledger.Book("A"), ledger.Book("B")
    one = first.invoice(date(2026, 1, 5), [L("x", 1, 100, "EU0")])
    two = second.invoice(date(2026, 1, 6), [L("x", 1, 100, "EU0")])
    three = first.invoice(date(2026, 1, 7), [L("x", 1, 100, "EU0")])
    four = second.invoice(date(2027, 1, 7), [L("x", 1, 100, "EU0")])
    one.notes.append("note")
    one.paid = True
    return {
        "numbers": [one.number, two.number, three.number, four.number],
        "open": [[i.number for i in book.open()] for book in (first, second, ledger.Book("A"))],
        "all": [len(first.invoices), len(second.invoices)],
        "notes": two.notes,
    }


def late():
    found = []
    invoice = ledger.Book("C").invoice(date(2026, 3, 6), [L("x", 1, 100, "EU0")])
    for day in ("2026-04-05", "2026-04-06", "2026-04-07"):
        os.environ["LEDGER_TODAY"] = day  # a program that runs over midnight
        found.append([ledger.overdue(invoice), ledger.overdue(invoice, date.fromisoformat(day))])
    return [str(invoice.due), found]


json.dump({"pages": pages(), "books": books(), "late": late()}, sys.stdout, sort_keys=True, indent=1)
