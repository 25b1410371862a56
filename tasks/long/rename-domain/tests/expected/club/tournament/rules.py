"""Rules for tournaments."""


def next_member(found, league, active=lambda member: True):
    """The first active member for this league, or None."""
    for one in found:
        if one.league == league and active(one.member):
            return one.member
    return None


def without(found, member):
    """All but those of a member."""
    return [one for one in found if one.member != member]
