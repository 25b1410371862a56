"""Rules for familys."""

from club.family.model import Family

MOST_PER_MEMBER = 4


class FamilyRefused(Exception):
    """This member has enough of them."""


def add(found, member, partner):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise FamilyRefused(f"member {member.number} has {len(of_member)}")
    found.append(Family(member, partner))
    return found[-1]
