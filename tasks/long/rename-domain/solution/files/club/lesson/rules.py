"""Rules for lessons."""

from club.lesson.model import Lesson

MOST_PER_MEMBER = 3


class LessonRefused(Exception):
    """This member has enough of them."""


def add(found, member, coach):
    """One more for a member, unless there are too many."""
    of_member = [one for one in found if one.member == member]
    if len(of_member) >= MOST_PER_MEMBER:
        raise LessonRefused(f"member {member.number} has {len(of_member)}")
    found.append(Lesson(member, coach))
    return found[-1]
