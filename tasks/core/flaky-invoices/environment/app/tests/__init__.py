import os

# The nightly build sets other days.
os.environ.setdefault("LEDGER_TODAY", "2026-03-03")
