"""Changes to a document, as a list of operations. See docs/patch.md."""

from . import pointer


class PatchError(Exception):
    """Operation `index`, counted from 0, can't be carried out."""

    def __init__(self, index, why):
        super().__init__(f"operation {index}: {why}")
        self.index = index


def apply(document, operations):
    """The document that the operations make of `document`."""
    for index, operation in enumerate(operations):
        parts = pointer.parse(operation["path"])
        where = pointer.find(document, parts[:-1])
        if operation["op"] == "add":
            where[parts[-1]] = operation["value"]
        elif operation["op"] == "remove":
            del where[parts[-1]]
        else:
            raise PatchError(index, f"{operation['op']} isn't there yet")
    return document
