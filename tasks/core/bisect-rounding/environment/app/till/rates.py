"""Tax rates by code, in per cent."""

RATES = {
    "A": 20,
    "B": 10,
    "P": 0,  # deposits
}
