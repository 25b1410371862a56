"""Who comes to the club."""

import os
from dataclasses import dataclass

LIMIT = int(os.environ.get("CLUB_CUSTOMER_LIMIT", "900"))


class MemberError(ValueError):
    """This can't be a member."""


@dataclass(frozen=True)
class Member:
    number: int
    name: str


def find_member(members, number):
    """The member with this number, or None."""
    return next((member for member in members if member.number == number), None)


def new_member(members, name):
    """One more member, with the next number."""
    if len(members) >= LIMIT:
        raise MemberError("no more members")
    return Member(max((member.number for member in members), default=0) + 1, name)
