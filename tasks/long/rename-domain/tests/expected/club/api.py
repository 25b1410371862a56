"""What other programs may use."""

import warnings

from club import member
from club.member import Member, MemberError, find_member, new_member

__all__ = ["Member", "MemberError", "find_member", "new_member"]

# The names of before, until version 6.
_OLD = {"Customer": "Member", "CustomerError": "MemberError", "find_customer": "find_member", "new_customer": "new_member"}


def __getattr__(name):
    if name in _OLD:
        warnings.warn(f"club.api.{name} is called {_OLD[name]} now", DeprecationWarning, stacklevel=2)
        return getattr(member, _OLD[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
