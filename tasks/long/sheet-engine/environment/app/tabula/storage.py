"""Sheets on disk. A file has a line for each cell, `B2: =A1*2`, and for each format, `format B2: 0.00`; comments and empty lines,
and the order of all of them, stay as they are."""

import re

from . import formats, refs
from .sheet import Sheet

LINE = re.compile(r"(format )?([A-Z]{1,2}[1-9][0-9]{0,3}): (.+)")


class BadFile(Exception):
    """A file that is no sheet."""


class Document:
    """A sheet and the lines of its file."""

    def __init__(self, lines):
        self.lines = lines
        self.sheet = Sheet()
        texts = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            match = LINE.fullmatch(line)
            if not match or (match[1] and not formats.known(match[3])):
                raise BadFile(f"line {number}: {line}")
            if match[1]:
                self.sheet.set_format(match[2], match[3])
            elif match[2] in texts:
                raise BadFile(f"line {number}: {match[2]} is there already")
            else:
                texts[match[2]] = match[3]
        self.sheet.put(texts)

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        lines = text.split("\n")
        return cls(lines[:-1] if lines[-1] == "" else lines)

    def save(self, path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write("".join(line + "\n" for line in self.lines))

    def set(self, name, text):
        self.sheet.set(name, text)
        self.note(refs.plain(name))

    def copy(self, source, target):
        for name in self.sheet.copy(source, target):
            self.note(name)

    def set_format(self, name, pattern):
        self.sheet.set_format(name, pattern)
        self.note(refs.plain(name))

    def put(self, texts):
        self.sheet.put(texts)
        for name in texts:
            self.note(refs.plain(name))

    def note(self, name):
        """Brings the lines of a cell up to date."""
        self.replace(f"{name}: ", self.sheet.text(name))
        self.replace(f"format {name}: ", self.sheet.formats.get(name, ""))

    def replace(self, start, text):
        for at, line in enumerate(self.lines):
            if line.startswith(start):
                if text:
                    self.lines[at] = start + text
                else:
                    del self.lines[at]
                return
        if text:
            self.lines.append(start + text)
