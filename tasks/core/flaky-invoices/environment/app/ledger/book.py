"""A firm's book: its invoices and their numbers."""

from dataclasses import dataclass, field
from datetime import date

from .terms import due_date


@dataclass(frozen=True)
class Line:
    text: str
    count: int
    price: int  # cents, without tax
    tax: str  # a code of ledger.tax

    @property
    def total(self) -> int:
        return self.count * self.price


@dataclass
class Invoice:
    number: str
    issued: date
    due: date
    lines: list[Line]
    paid: bool = False
    notes: list[str] = field(default_factory=list)


class Book:
    invoices = []
    last = {}  # the last number of each year

    def __init__(self, firm: str):
        self.firm = firm

    def invoice(self, issued: date, lines: list[Line]) -> Invoice:
        number = self.last.get(issued.year, 0) + 1
        self.last[issued.year] = number
        invoice = Invoice(f"{self.firm}-{issued.year}-{number:04}", issued, due_date(issued), list(lines))
        self.invoices.append(invoice)
        return invoice

    def open(self) -> list[Invoice]:
        return [invoice for invoice in self.invoices if not invoice.paid]
