"""From the bytes of a file to members."""

from .errors import BadFile
from .members import columns, member
from .records import records
from .sniff import delimiter


def load(data: bytes):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadFile("not UTF-8") from None
    rows = records(text, delimiter(text))
    header = next(rows, None)
    if header is None:
        raise BadFile("the file is empty")
    names = columns(header[1])
    seen = {}
    return [member(names, fields, line, seen) for line, fields in rows]
