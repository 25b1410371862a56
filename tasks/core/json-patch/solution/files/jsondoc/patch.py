"""Changes to a document, as a list of operations. See docs/patch.md."""

import copy

from . import pointer
from .pointer import PointerError


class PatchError(Exception):
    """Operation `index`, counted from 0, can't be carried out."""

    def __init__(self, index, why):
        super().__init__(f"operation {index}: {why}")
        self.index = index


NAMES = ("add", "remove", "replace", "move", "copy", "test")


class _Refused(Exception):
    """Why an operation can't be carried out."""


def apply(document, operations):
    """The document that the operations make of `document`; neither is changed."""
    document = copy.deepcopy(document)
    for index, operation in enumerate(operations):
        try:
            document = _carry_out(document, operation)
        except (PointerError, _Refused) as why:
            raise PatchError(index, str(why)) from None
    return document


def _carry_out(document, operation):
    name = _member(operation, "op")
    if name not in NAMES:
        raise _Refused(f"{name!r} is no operation")
    path = pointer.parse(_member(operation, "path"))
    if name == "add":
        return _add(document, path, copy.deepcopy(_member(operation, "value")))
    if name == "remove":
        return _remove(document, path)[0]
    if name == "replace":
        return _replace(document, path, copy.deepcopy(_member(operation, "value")))
    if name == "test":
        if not same(pointer.find(document, path), _member(operation, "value")):
            raise _Refused(f"{operation['path']!r} is something else")
        return document
    source = pointer.parse(_member(operation, "from"))
    if name == "copy":
        return _add(document, path, copy.deepcopy(pointer.find(document, source)))
    if path[: len(source)] == source and path != source:
        raise _Refused("nothing can be moved into itself")
    if path == source:
        pointer.find(document, source)
        return document
    document, value = _remove(document, source)
    return _add(document, path, value)


def _member(operation, name):
    if not isinstance(operation, dict) or name not in operation:
        raise _Refused(f"{name!r} is missing")
    return operation[name]


def _add(document, path, value):
    if not path:
        return value
    where = pointer.find(document, path[:-1])
    if isinstance(where, list):
        where.insert(pointer.index(where, path[-1], end=True), value)
    elif isinstance(where, dict):
        where[path[-1]] = value
    else:
        raise PointerError(f"there is no place for {path[-1]!r}")
    return document


def _remove(document, path):
    """The document without it, and what was removed."""
    if not path:
        return None, document
    where = pointer.find(document, path[:-1])
    value = pointer.find(where, path[-1:])
    del where[pointer.index(where, path[-1]) if isinstance(where, list) else path[-1]]
    return document, value


def _replace(document, path, value):
    if not path:
        return value
    where = pointer.find(document, path[:-1])
    pointer.find(where, path[-1:])
    where[pointer.index(where, path[-1]) if isinstance(where, list) else path[-1]] = value
    return document


def same(left, right):
    """Whether two values are equal as JSON: 1 is 1.0, and neither is true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right
