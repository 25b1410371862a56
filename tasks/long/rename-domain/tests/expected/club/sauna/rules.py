"""Rules for saunas."""

from club.sauna.model import Slot

MOST_PER_MEMBER = 2


class SlotRefused(Exception):
    """This member has enough of them."""


def add(found, member, hour):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise SlotRefused(f"member {member.number} has {len(of_member)}")
    found.append(Slot(member, hour))
    return found[-1]
