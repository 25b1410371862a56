"""A small calculation engine for sheets that are kept as text."""
