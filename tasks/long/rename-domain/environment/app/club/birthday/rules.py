"""Rules for birthdays."""


def next_customer(found, month, active=lambda customer: True):
    """The first active customer for this month, or None."""
    for one in found:
        if one.month == month and active(one.customer):
            return one.customer
    return None


def without(found, customer):
    """All but those of a customer."""
    return [one for one in found if one.customer != customer]
