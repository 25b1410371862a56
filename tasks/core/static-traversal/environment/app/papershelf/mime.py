"""What kind of file it is, by its ending. Ours alone: the table of the host differs from host to host."""

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
}


def kind(name: str) -> str:
    dot = name.rfind(".")
    return KINDS.get(name[dot:].lower() if dot >= 0 else "", "application/octet-stream")
