"""Error values: what a cell holds where there is no result."""


class Error:
    """One kind of error. There is one object for each kind."""

    __slots__ = ("code",)

    def __init__(self, code):
        self.code = code

    def __repr__(self):
        return self.code


DIV0 = Error("#DIV/0!")
VALUE = Error("#VALUE!")
REF = Error("#REF!")
NAME = Error("#NAME?")
NUM = Error("#NUM!")
NA = Error("#N/A")
CYCLE = Error("#CYCLE!")
SYNTAX = Error("#SYNTAX!")
