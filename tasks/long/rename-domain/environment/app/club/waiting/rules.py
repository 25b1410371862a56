"""Rules for waitings."""


def next_customer(found, court, active=lambda customer: True):
    """The first active customer for this court, or None."""
    for one in found:
        if one.court == court and active(one.customer):
            return one.customer
    return None


def without(found, customer):
    """All but those of a customer."""
    return [one for one in found if one.customer != customer]
