"""Today, or the day that LEDGER_TODAY says."""

import os
from datetime import date


def today() -> date:
    said = os.environ.get("LEDGER_TODAY")
    return date.fromisoformat(said) if said else date.today()
