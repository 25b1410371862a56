"""Consent: what a member has here."""

from dataclasses import dataclass

from club.member import Member


@dataclass(frozen=True)
class Consent:
    member: Member
    album: str

    def to_json(self):
        """As it is kept on disk."""
        return {"customer_id": self.member.number, "customer_name": self.member.name, "album": self.album}

    @classmethod
    def from_json(cls, kept):
        member = Member(kept["customer_id"], kept["customer_name"])
        return cls(member, kept["album"])
