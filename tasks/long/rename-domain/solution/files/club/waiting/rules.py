"""Rules for waitings."""


def next_member(found, court, active=lambda member: True):
    """The first active member for this court, or None."""
    for one in found:
        if one.court == court and active(one.member):
            return one.member
    return None


def without(found, member):
    """All but those of a member."""
    return [one for one in found if one.member != member]
