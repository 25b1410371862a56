"""Files on disk."""

import contextlib
import json
import os
import shutil
import tempfile

FORMAT = 4


def read_old(path):
    """The bytes of a file and what they mean, whatever its format."""
    with open(path, "rb") as file:
        old = file.read()
    return old, json.loads(old.decode("utf-8"))


def read(path):
    """What is in a file, whatever its format."""
    return read_old(path)[1]


def load(path):
    """A file of the current format."""
    data = read(path)
    found = data.get("format") if isinstance(data, dict) else 1
    if found != FORMAT:
        raise ValueError(f"format {found}, not {FORMAT}: migrate it first")
    return data


def encode(data):
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def fill(handle, content):
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def save(path, data):
    """Writes a file, whole or not at all."""
    handle, new = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    try:
        fill(handle, encode(data))
        if os.path.exists(path):
            shutil.copymode(path, new)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def replace(path, data, old, backup):
    """Writes a file and keeps what it was as `backup`; both or neither."""
    handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fill(handle, old)
        shutil.copymode(path, backup)
        save(path, data)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(backup)
        raise
