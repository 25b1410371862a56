"""The table of commands. A command's function gets its arguments and the values of its options."""

from dataclasses import dataclass

from . import store


class Wrong(Exception):
    """The user asked for something that can't be."""


@dataclass(frozen=True)
class Argument:
    name: str
    kind: str = ""  # item, shelf, or nothing that we know names of


@dataclass(frozen=True)
class Option:
    name: str
    help: str
    value: str = ""  # what it takes, as it is called in the help; nothing: it takes none
    kind: str = ""
    choices: tuple = ()
    repeat: bool = False


@dataclass(frozen=True)
class Command:
    name: str
    run: object
    summary: str
    arguments: tuple = ()
    options: tuple = ()
    others: tuple = ()  # other names
    many: bool = False  # the last argument may be repeated
    hidden: bool = False


def add(arguments, options):
    items = store.load()
    name, shelf = arguments
    count = options.get("--count", "1")
    if not count.isdigit():
        raise Wrong(f"{count} is no number")
    items[name] = {"shelf": shelf, "count": int(count)}
    store.save(items)


def move(arguments, options):
    items = store.load()
    name, shelf = arguments
    if name not in items:
        raise Wrong(f"no item is called {name}")
    items[name]["shelf"] = shelf
    store.save(items)


def remove(arguments, options):
    items = store.load()
    for name in arguments:
        if name not in items and "--force" not in options:
            raise Wrong(f"no item is called {name}")
        items.pop(name, None)
    store.save(items)


def show(arguments, options):
    separator = "," if options.get("--format") == "csv" else "  "
    shelves = options.get("--shelf")
    for name, item in sorted(store.load().items()):
        if not shelves or item["shelf"] in shelves:
            print(separator.join([name, item["shelf"], str(item["count"])]))


def check(arguments, options):
    for name, item in sorted(store.load().items()):
        if item["count"] < 1:
            print(f"{name}: none left")


COMMANDS = [
    Command("add", add, "Puts an item on a shelf", (Argument("ITEM"), Argument("SHELF", "shelf")), (Option("--count", "how many there are", "N"),)),
    Command("move", move, "Moves an item to another shelf", (Argument("ITEM", "item"), Argument("SHELF", "shelf")), others=("mv",)),
    Command("remove", remove, "Takes items out", (Argument("ITEM", "item"),), (Option("--force", "don't mind those that aren't there"),), ("rm",), many=True),
    Command(
        "list",
        show,
        "Lists what is there",
        options=(
            Option("--shelf", "only this shelf", "SHELF", "shelf", repeat=True),
            Option("--format", "how it is printed", "FORMAT", choices=("text", "csv")),
        ),
        others=("ls",),
    ),
    Command("check", check, "Says what has run out", hidden=True),
]
