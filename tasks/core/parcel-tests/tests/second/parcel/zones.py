"""Zones by postcode."""

A = {"10", "11", "12", "13", "14", "20", "21", "22"}
B = {"15", "16", "17", "18", "19", "23", "24", "25", "30", "31", "38", "39"}


def zone(postcode):
    """The zone of a postcode: "A", "B" or "C"."""
    digits = postcode.strip()[:2]
    if digits in A:
        return "A"
    if digits in B:
        return "B"
    return "C"
