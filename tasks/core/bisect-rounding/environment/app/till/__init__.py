"""Receipts for small shops."""
