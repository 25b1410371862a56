"""Rules for tournaments."""


def next_customer(found, league, active=lambda customer: True):
    """The first active customer for this league, or None."""
    for one in found:
        if one.league == league and active(one.customer):
            return one.customer
    return None


def without(found, customer):
    """All but those of a customer."""
    return [one for one in found if one.customer != customer]
