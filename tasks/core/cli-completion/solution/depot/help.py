"""Help and completion, both from the table of commands."""

from . import commands, store


def called(option):
    """An option with what it takes."""
    value = "|".join(option.choices) or option.value
    return f"{option.name} {value}" if option.value else option.name


def table(rows):
    width = max((len(left) for left, _ in rows), default=0)
    return [f"  {left:{width}}  {right}" for left, right in rows]


def overview():
    rows = []
    for command in sorted(commands.COMMANDS, key=lambda command: command.name):
        if not command.hidden:
            others = f" ({', '.join(command.others)})" if command.others else ""
            rows.append((command.name + others, command.summary))
    return "\n".join(table(rows))


def of(command):
    words = [argument.name for argument in command.arguments]
    if command.many:
        words[-1] += "..."
    words += [f"[{called(option)}]" + ("..." if option.repeat else "") for option in command.options]
    lines = [" ".join(["usage: depot", command.name, *words]), "", command.summary]
    if command.options:
        lines += ["", *table([(called(option), option.help) for option in command.options])]
    return "\n".join(lines)


def names(kind):
    """What there is of a kind."""
    try:
        items = store.load()
        if kind == "item":
            return list(items)
        if kind == "shelf":
            return [item["shelf"] for item in items.values()]
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        pass
    return []


def values(option):
    return option.choices or names(option.kind)


def candidates(words):
    """What the last word can become, before it is looked at."""
    shown = [command.name for command in commands.COMMANDS if not command.hidden]
    if len(words) == 1:
        return [*shown, "help"]
    if words[0] == "help":
        return shown if len(words) == 2 else []
    found = [command for command in commands.COMMANDS if words[0] == command.name or words[0] in command.others]
    if not found:
        return []
    command = found[0]
    known = {option.name: option for option in command.options}
    arguments, used, waiting, only = [], set(), None, False
    for word in words[1:-1]:
        if waiting:
            waiting = None
        elif only or not word.startswith("-") or word == "-":
            arguments.append(word)
        elif word == "--":
            only = True
        else:
            name, equals, _ = word.partition("=")
            used.add(name)
            if name in known and known[name].value and not equals:
                waiting = known[name]
    last = words[-1]
    if waiting:
        return values(waiting)
    if last.startswith("-") and not only:
        name, equals, _ = last.partition("=")
        if equals:
            option = known.get(name)
            return [f"{name}={value}" for value in values(option)] if option and option.value else []
        return [name for name in [*known, "--help"] if name not in used or name in known and known[name].repeat]
    place = len(arguments)
    if command.many and command.arguments and place >= len(command.arguments) - 1:
        place = len(command.arguments) - 1
        return [name for name in names(command.arguments[place].kind) if name not in arguments]
    return names(command.arguments[place].kind) if place < len(command.arguments) else []


def complete(words):
    last = words[-1] if words else ""
    return sorted({word for word in candidates(words or [""]) if word.startswith(last)})
