"""What can be wrong with a file, or with a row."""


class BadFile(Exception):
    """The file can't be used at all."""


class BadRow(Exception):
    """This row can't be imported; says why."""
