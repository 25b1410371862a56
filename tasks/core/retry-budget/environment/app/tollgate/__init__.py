"""Tolls in the currency of the invoice."""
