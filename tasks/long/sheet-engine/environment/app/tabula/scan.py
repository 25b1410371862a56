"""Looking for things in the text of a formula. All of it knows about quotes and parentheses."""

SIGNS = "+-*/^&=<>"


def outside(text):
    """Position and character of all that is in no quotes and no parentheses."""
    depth, quoted = 0, False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif depth == 0:
            yield at, char


def balanced(text):
    """Whether quotes and parentheses are closed."""
    depth, quoted = 0, False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
            if depth < 0:
                return False
    return depth == 0 and not quoted


def binary(text, at):
    """Whether the sign at this place stands between two operands."""
    before = text[:at].rstrip()
    return before != "" and before[-1] not in SIGNS


def last_operator(text, operators):
    """Position and sign of the last of these operators, or None."""
    found = None
    for at, _ in outside(text):
        for operator in operators:
            if text.startswith(operator, at) and binary(text, at):
                if not (found and found[0] + len(found[1]) > at):
                    found = (at, operator)
                break
    return found


def arguments(text):
    """The parts between commas."""
    parts, start = [], 0
    for at, char in outside(text):
        if char == ",":
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [] if parts == [""] or (len(parts) == 1 and parts[0].strip() == "") else parts


def is_string(text):
    """Whether all of it is one text in quotes."""
    inner = text[1:-1]
    return len(text) > 1 and text[0] == text[-1] == '"' and '"' not in inner.replace('""', "")


def is_group(text):
    """Whether all of it is in one pair of parentheses."""
    return len(text) > 1 and text[0] == "(" and text[-1] == ")" and balanced(text[1:-1])
