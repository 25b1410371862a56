"""Invoices for small firms."""

from .book import Book, Invoice, Line
from .render import render
from .terms import overdue

__all__ = ["Book", "Invoice", "Line", "overdue", "render"]
