"""Rules for guests."""

from club.guest.model import Guest

MOST_PER_MEMBER = 2


class GuestRefused(Exception):
    """This member has enough of them."""


def add(found, member, name):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise GuestRefused(f"member {member.number} has {len(of_member)}")
    found.append(Guest(member, name))
    return found[-1]
