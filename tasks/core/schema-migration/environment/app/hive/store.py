"""Files on disk."""

import json

FORMAT = 4


def read(path):
    """What is in a file, whatever its format."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def load(path):
    """A file of the current format."""
    data = read(path)
    found = data.get("format") if isinstance(data, dict) else 1
    if found != FORMAT:
        raise ValueError(f"format {found}, not {FORMAT}: migrate it first")
    return data


def save(path, data):
    """Writes a file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, ensure_ascii=False)
        file.write("\n")
