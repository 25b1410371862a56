"""python3 -m depot COMMAND..."""

import sys

from . import commands
from .commands import Wrong


def find(name):
    """The command of a name."""
    for command in commands.COMMANDS:
        if name == command.name or name in command.others:
            return command
    raise Wrong(f"no command is called {name}")


def parse(command, words):
    """Arguments and options of a command's words."""
    arguments, options, words = [], {}, list(words)
    known = {option.name: option for option in command.options}
    while words:
        word = words.pop(0)
        if word == "--":
            arguments += words
            break
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            continue
        name, equals, value = word.partition("=")
        if name not in known:
            raise Wrong(f"{command.name} has no {name}")
        option = known[name]
        if not option.value:
            options[name] = True
            continue
        if not equals:
            if not words:
                raise Wrong(f"{name} needs a value")
            value = words.pop(0)
        if option.choices and value not in option.choices:
            raise Wrong(f"{name} is one of {', '.join(option.choices)}")
        if option.repeat:
            options.setdefault(name, []).append(value)
        else:
            options[name] = value
    least = len(command.arguments)
    if len(arguments) < least or len(arguments) > least and not command.many:
        raise Wrong(f"{command.name} takes {' '.join(argument.name for argument in command.arguments) or 'nothing'}")
    return arguments, options


def main(words):
    try:
        if not words:
            raise Wrong("which command?")
        command = find(words[0])
        command.run(*parse(command, words[1:]))
    except Wrong as wrong:
        print(f"depot: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
