"""Knows what lies on which shelf."""
