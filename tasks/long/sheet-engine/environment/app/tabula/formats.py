"""How values are shown."""


def general(number):
    """A number in a cell without a format."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def known(pattern):
    """Whether it is a format: 0, 0.00, #,##0, #,##0.00, each with or without %."""
    whole, dot, digits = pattern.removesuffix("%").partition(".")
    return whole in ("0", "#,##0") and digits.strip("0") == "" and bool(dot) == bool(digits)


def formatted(number, pattern):
    """A number in a cell with a format."""
    percent = pattern.endswith("%")
    digits = len(pattern.removesuffix("%").partition(".")[2])
    if percent:
        number = number * 100
    text = f"{round(number, digits):.{digits}f}"
    if pattern.startswith("#,##0"):
        whole, dot, rest = text.partition(".")
        groups = []
        while len(whole) > 3:
            groups.insert(0, whole[-3:])
            whole = whole[:-3]
        text = ",".join([whole, *groups]) + dot + rest
    return text + "%" if percent else text
