"""Rules for birthdays."""


def next_member(found, month, active=lambda member: True):
    """The first active member for this month, or None."""
    for one in found:
        if one.month == month and active(one.member):
            return one.member
    return None


def without(found, member):
    """All but those of a member."""
    return [one for one in found if one.member != member]
