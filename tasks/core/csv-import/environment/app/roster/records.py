"""From text to records."""


def records(text: str, delimiter: str):
    """Line and fields of each record, the header included."""
    for line, row in enumerate(text.splitlines()):
        if row:
            yield line, [field.strip().strip('"') for field in row.split(delimiter)]
