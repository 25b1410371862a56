"""What can be wrong with a template."""


class TemplateError(Exception):
    """Has the place of the tag that is wrong."""

    def __init__(self, why, line, column):
        super().__init__(f"{line}:{column}: {why}")
        self.line = line
        self.column = column
