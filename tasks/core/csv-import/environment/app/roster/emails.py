"""What we take for an address. Shared with the newsletter."""

import re

ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", re.ASCII)


def is_email(text: str) -> bool:
    """Whether we would write to it; upper and lower case don't matter."""
    return ADDRESS.fullmatch(text) is not None
