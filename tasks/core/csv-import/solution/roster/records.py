"""From text to records."""

import re

QUOTED = re.compile(r' *"((?:[^"]|"")*)(" *|$)')


def records(text: str, delimiter: str):
    """Line and fields of each record, the header included; None for the fields where a quote is never closed."""
    text = text.replace("\r\n", "\n")
    plain = re.compile(rf"[^{re.escape(delimiter)}\n]*")
    at, line = 0, 1
    while at < len(text):
        start, begin, fields = line, at, []
        while True:
            quoted = QUOTED.match(text, at)
            if quoted and not quoted[2]:
                yield start, None
                return
            if quoted:
                at = quoted.end()
            rest = plain.match(text, at)
            at = rest.end()
            fields.append(quoted[1].replace('""', '"') + rest[0].rstrip() if quoted else rest[0].strip())
            if text[at : at + 1] != delimiter:
                break
            at += 1
        line += text.count("\n", begin, at) + 1
        if text[begin:at].strip(" "):
            yield start, fields
        at += 1
