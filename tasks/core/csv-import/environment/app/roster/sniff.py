"""Which delimiter a file has."""

CANDIDATES = ",;\t|"


def delimiter(text: str) -> str:
    """The most frequent one."""
    return max(CANDIDATES, key=text.count)
