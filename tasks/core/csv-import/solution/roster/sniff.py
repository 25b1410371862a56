"""Which delimiter a file has."""

import re

CANDIDATES = ",;\t|"
QUOTED = re.compile(r'"(?:[^"]|"")*"')


def delimiter(text: str) -> str:
    """The most frequent one in the first record, outside quotes."""
    header = QUOTED.sub("", text.lstrip(" \r\n")).split("\n", 1)[0]
    return max(CANDIDATES, key=header.count)
