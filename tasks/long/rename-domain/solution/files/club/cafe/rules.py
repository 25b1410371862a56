"""Rules for cafes."""

LIMIT_OF_MEMBER = 3000


def open_of(found, member):
    """What is open for this member, in cents."""
    return sum(one.amount for one in found if one.member.number == member.number)


def members_over_the_limit(found):
    """Every member with more than the limit, by number."""
    by_member = {}
    for one in found:
        by_member[one.member] = by_member.get(one.member, 0) + one.amount
    return sorted((member for member, open_ in by_member.items() if open_ > LIMIT_OF_MEMBER), key=lambda member: member.number)
