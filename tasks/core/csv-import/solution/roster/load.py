"""From the bytes of a file to members and problems."""

from .errors import BadFile, BadRow
from .members import columns, member
from .records import records
from .sniff import delimiter


def load(data: bytes):
    """Members, and (line, reason) of each row that can't be imported."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile("not UTF-8") from None
    rows = records(text, delimiter(text))
    header = next(rows, None)
    if header is None:
        raise BadFile("the file is empty")
    names = columns(header[1] or [])
    seen, members, problems = {}, [], []
    for line, fields in rows:
        try:
            members.append(member(names, fields, line, seen))
        except BadRow as why:
            problems.append((line, str(why)))
    return members, problems
