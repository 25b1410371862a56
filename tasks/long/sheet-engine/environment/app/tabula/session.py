"""Commands for one sheet, one a line: set, clear, copy, format, get, show, save. After a change it says which cells show something
else than before."""

from . import formats, refs, render


class Session:
    def __init__(self, document, path, out):
        self.document, self.path, self.out = document, path, out

    @property
    def sheet(self):
        return self.document.sheet

    def say(self, line):
        print(line, file=self.out)

    def run(self, lines):
        """Carries out all lines; gives how many of them weren't understood."""
        bad = 0
        for line in lines:
            line = line.rstrip("\n")
            if line.strip() and not line.startswith("#") and not self.one(line):
                self.say(f"? {line}")
                bad += 1
        return bad

    def one(self, line):
        words = line.split(" ", 2)
        command, given = words[0], words[1:]
        if command == "save" and not given:
            self.document.save(self.path)
            return True
        if command == "show" and len(given) < 2:
            area = given[0] if given else render.used(self.sheet)
            if area and not (refs.is_cell(area) or refs.is_range(area)):
                return False
            for row in render.table(self.sheet, area) if area else []:
                self.say(row)
            return True
        if not given or not (refs.is_cell(given[0]) or command == "copy" and refs.is_range(given[0])):
            return False
        if command == "get" and len(given) == 1:
            self.say(self.sheet.shown(given[0]))
            return True
        return self.change(command, given)

    def change(self, command, given):
        before = {name: self.sheet.shown(name) for name in self.sheet.names()}
        if command == "set" and len(given) == 2:
            self.document.set(*given)
        elif command == "clear" and len(given) == 1:
            self.document.set(given[0], "")
        elif command == "copy" and len(given) == 2 and (refs.is_cell(given[1]) or refs.is_range(given[1])):
            self.document.copy(*given)
        elif command == "format" and (len(given) == 1 or formats.known(given[1])):
            self.document.set_format(given[0], given[1] if len(given) == 2 else "")
        else:
            return False
        for name in sorted({*before, *self.sheet.names()}, key=refs.position):
            if self.sheet.shown(name) != before.get(name, ""):
                self.say(f"{name} {self.sheet.shown(name)}".rstrip())
        return True
