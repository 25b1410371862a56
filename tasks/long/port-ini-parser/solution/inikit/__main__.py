"""python3 -m inikit COMMAND [A [B [C]]] <FILE"""

import importlib
import sys
from pathlib import Path

COMMANDS = {path.stem.replace("_", "-") for path in (Path(__file__).parent / "commands").glob("[a-z]*.py")}


def main(argv):
    if not argv or argv[0] not in COMMANDS:
        print(f"ini: no command {argv[0] if argv else 'given'}", file=sys.stderr)
        return 2
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    command = importlib.import_module("inikit.commands." + argv[0].replace("-", "_"))
    output, code = command.run((argv[1:] + ["", "", ""])[:3], lines)
    sys.stdout.buffer.write("".join(line + "\n" for line in output).encode("utf-8", "surrogateescape"))
    return code


sys.exit(main(sys.argv[1:]))
