"""Adds up who paid what."""
