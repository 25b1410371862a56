"""Guest: what a member has here."""

from dataclasses import dataclass

from club.member import Member


@dataclass(frozen=True)
class Guest:
    member: Member
    name: str

    def to_json(self):
        """As it is kept on disk."""
        return {"customer_id": self.member.number, "customer_name": self.member.name, "name": self.name}

    @classmethod
    def from_json(cls, kept):
        member = Member(kept["customer_id"], kept["customer_name"])
        return cls(member, kept["name"])
