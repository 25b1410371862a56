"""From fields to members."""

from .emails import is_email
from .errors import BadFile, BadRow

FIELDS = ("name", "email", "phone", "note")
REQUIRED = ("name", "email")


def columns(header):
    """The names of the columns."""
    names = [name.lower() for name in header]
    for name in REQUIRED:
        if name not in names:
            raise BadFile(f"missing column: {name}")
    return names


def member(names, fields, line, seen):
    """A row as a dict. `seen` holds the lines of the addresses so far."""
    if len(fields) != len(names):
        raise BadRow(f"{len(fields)} fields instead of {len(names)}")
    found = dict.fromkeys(FIELDS, "")
    found.update((name, field) for name, field in zip(names, fields) if name in FIELDS)
    # is_email wants lower case
    found["email"] = found["email"].lower()
    if not is_email(found["email"]):
        raise BadRow(f"bad email: {found['email']}")
    if found["email"] in seen:
        raise BadRow(f"email twice: {found['email']} (line {seen[found['email']]})")
    seen[found["email"]] = line
    return found
