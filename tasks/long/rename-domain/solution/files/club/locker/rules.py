"""Rules for lockers."""

from club.locker.model import Locker

MOST_PER_MEMBER = 1


class LockerRefused(Exception):
    """This member has enough of them."""


def add(found, member, key):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise LockerRefused(f"member {member.number} has {len(of_member)}")
    found.append(Locker(member, key))
    return found[-1]
