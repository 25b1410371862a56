"""The command line. Exit codes: 0; 1 where the sheet has errors, a line wasn't understood or a file is no sheet; 2 for bad usage."""

import csv

from . import csvio, formats, refs, render
from .errors import Error
from .session import Session
from .sheet import Sheet
from .storage import BadFile, Document

USAGE = """usage: tabula show FILE [RANGE]
       tabula get FILE CELL...
       tabula set FILE CELL TEXT
       tabula copy FILE FROM TO
       tabula format FILE CELL [FORMAT]
       tabula check FILE
       tabula import FILE CSV CELL
       tabula export FILE [RANGE]
       tabula eval FORMULA
       tabula run FILE <COMMANDS"""


class BadUsage(Exception):
    pass


def cell(text):
    if not refs.is_cell(text):
        raise BadUsage
    return text


def area(text):
    return text if refs.is_range(text) else cell(text)


def show(document, path, given, stdin, out):
    where = area(given[0]) if given else render.used(document.sheet)
    for line in render.table(document.sheet, where) if where else []:
        print(line, file=out)


def get(document, path, given, stdin, out):
    for name in [cell(name) for name in given]:
        print(document.sheet.shown(name), file=out)


def set_cell(document, path, given, stdin, out):
    document.set(cell(given[0]), given[1])
    document.save(path)


def copy(document, path, given, stdin, out):
    document.copy(area(given[0]), area(given[1]))
    document.save(path)


def set_format(document, path, given, stdin, out):
    if len(given) == 2 and not formats.known(given[1]):
        raise BadUsage
    document.set_format(cell(given[0]), given[1] if len(given) == 2 else "")
    document.save(path)


def check(document, path, given, stdin, out):
    wrong = [name for name in document.sheet.names() if isinstance(document.sheet.value(name), Error)]
    for name in wrong:
        print(f"{name}: {document.sheet.shown(name)} {document.sheet.text(name)}", file=out)
    return 1 if wrong else 0


def import_csv(document, path, given, stdin, out):
    with open(given[0], encoding="utf-8", newline="") as file:
        document.put(csvio.read(file, cell(given[1])))
    document.save(path)


def export_csv(document, path, given, stdin, out):
    where = area(given[0]) if given else render.used(document.sheet)
    out.write(csvio.write(document.sheet, where) if where else "")


def run(document, path, given, stdin, out):
    return 1 if Session(document, path, out).run(stdin) else 0


# Command: its function, and the least and most that it takes after the file.
COMMANDS = {
    "show": (show, 0, 1), "get": (get, 1, 99), "set": (set_cell, 2, 2), "copy": (copy, 2, 2), "format": (set_format, 1, 2),
    "check": (check, 0, 0), "import": (import_csv, 2, 2), "export": (export_csv, 0, 1), "run": (run, 0, 0),
}


def main(argv, stdin, stdout, stderr):
    if len(argv) == 2 and argv[0] == "eval":
        sheet = Sheet()
        sheet.set("A1", "=" + argv[1])
        print(sheet.shown("A1"), file=stdout)
        return 1 if isinstance(sheet.value("A1"), Error) else 0
    command, least, most = COMMANDS.get(argv[0] if argv else "", (None, 0, 0))
    if command is None or not least <= len(argv) - 2 <= most:
        print(USAGE, file=stderr)
        return 2
    try:
        return command(Document.load(argv[1]), argv[1], argv[2:], stdin, stdout) or 0
    except BadUsage:
        print(USAGE, file=stderr)
        return 2
    except (OSError, BadFile, UnicodeDecodeError, csv.Error) as error:
        print(f"tabula: {argv[1]}: {error}", file=stderr)
        return 1
