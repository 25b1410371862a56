"""When an invoice is due, and whether it is late."""

from datetime import date, timedelta

from . import clock

DAYS = 30


def due_date(issued: date) -> date:
    due = issued + timedelta(days=DAYS)
    # Nobody pays at weekends.
    if due.weekday() >= 5:
        due += timedelta(days=7 - due.weekday())
    return due


def overdue(invoice, today: date = clock.today()) -> bool:
    return not invoice.paid and today > invoice.due
