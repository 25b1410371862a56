"""Rules for photos."""


class UnknownMember(KeyError):
    """Nothing is known of this member here."""


def albums_of(found, member):
    """The albums that a member may use."""
    albums = [one.album for one in found if one.member == member]
    if not albums:
        raise UnknownMember(member.number)
    return albums


def allowed(found, member, album):
    """Whether a member may; customers of the café come in by another door and aren't in here."""
    try:
        return album in albums_of(found, member)
    except UnknownMember:
        return False
