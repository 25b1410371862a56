"""Rules for parkings."""

from club.parking.model import Permit

MOST_PER_MEMBER = 1


class PermitRefused(Exception):
    """This member has enough of them."""


def add(found, member, plate):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise PermitRefused(f"member {member.number} has {len(of_member)}")
    found.append(Permit(member, plate))
    return found[-1]
