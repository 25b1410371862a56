"""json: one object; the last value of a key counts, in the place of the first"""

from ..common import key, value, walk


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


def run(args, lines):
    found = {}
    for _, line, what, at in walk(lines):
        if what == "section":
            found.setdefault(at, {})
        elif what == "pair":
            found.setdefault(at, {})[key(line)] = value(line)
    output = ["{"]
    for number, (section, pairs) in enumerate(found.items(), 1):
        comma = "," if number < len(found) else ""
        if not pairs:
            output.append(f"  {quote(section)}: {{}}{comma}")
            continue
        output.append(f"  {quote(section)}: {{")
        rows = [f"    {quote(name)}: {quote(text)}" for name, text in pairs.items()]
        output += [row + "," for row in rows[:-1]] + rows[-1:] + ["  }" + comma]
    return output + ["}"], 0
