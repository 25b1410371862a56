"""Book search."""
