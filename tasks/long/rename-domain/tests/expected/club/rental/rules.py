"""Rules for rentals."""

from club.rental.model import Rental

MOST_PER_MEMBER = 2


class RentalRefused(Exception):
    """This member has enough of them."""


def add(found, member, racket):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise RentalRefused(f"member {member.number} has {len(of_member)}")
    found.append(Rental(member, racket))
    return found[-1]
