"""lint: what looks wrong; 1 if anything does"""

from ..common import key, trim, value, walk


def run(args, lines):
    output, headers, pairs = [], {}, {}
    for number, line, what, at in walk(lines):
        found = []
        if what == "junk":
            found.append(f"not understood: {trim(line)}")
        elif what == "section":
            if at == "":
                found.append("a section without a name")
            elif at in headers:
                found.append(f"section again: {at} (line {headers[at]})")
            else:
                headers[at] = number
        elif what == "pair":
            name = key(line)
            if at == "":
                found.append(f"outside any section: {name}")
            if name == "":
                found.append("no key")
            elif (at, name) in pairs:
                found.append(f"key again: {name} (line {pairs[at, name]})")
            else:
                pairs[at, name] = number
            if value(line) == "":
                found.append(f"no value: {name}")
        output += [f"{number}: {text}" for text in found]
    return output, 1 if output else 0
