"""Rules for bookings."""

from club.booking.model import Booking

MOST_PER_MEMBER = 2


class BookingRefused(Exception):
    """This member has enough of them."""


def add(found, member, court):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise BookingRefused(f"member {member.number} has {len(of_member)}")
    found.append(Booking(member, court))
    return found[-1]
