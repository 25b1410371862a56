"""A show on disk."""

import pathlib


class Show:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def names(self):
        """The names of all cues, in no particular order."""
        return [path.stem for path in self.folder.glob("*.cue")]

    def has(self, name):
        return (self.folder / f"{name}.cue").is_file()

    def needs(self, name):
        """What a cue needs, as listed."""
        return (self.folder / f"{name}.cue").read_text(encoding="utf-8").split()
