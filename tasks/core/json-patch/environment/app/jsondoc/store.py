"""Documents on disk."""

import json
import os

from . import patch


class Store:
    """A folder of documents, each in a file of its own."""

    def __init__(self, folder):
        self.folder = folder

    def _path(self, name):
        return os.path.join(self.folder, name + ".json")

    def read(self, name):
        with open(self._path(name), encoding="utf-8") as file:
            return json.load(file)

    def write(self, name, document):
        """Writes beside the old file and then puts it in its place, so that readers see one or the other."""
        path = self._path(name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=2)
            file.write("\n")
        os.replace(path + ".new", path)

    def patch(self, name, operations):
        """Changes a document and returns it as it is then."""
        document = patch.apply(self.read(name), operations)
        self.write(name, document)
        return document
