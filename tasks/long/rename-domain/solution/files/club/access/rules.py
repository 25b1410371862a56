"""Rules for accesss."""


class UnknownMember(KeyError):
    """Nothing is known of this member here."""


def doors_of(found, member):
    """The doors that a member may use."""
    doors = [one.door for one in found if one.member == member]
    if not doors:
        raise UnknownMember(member.number)
    return doors


def allowed(found, member, door):
    """Whether a member may; customers of the café come in by another door and aren't in here."""
    try:
        return door in doors_of(found, member)
    except UnknownMember:
        return False
