class Temporary(Exception):
    """The service can't answer now; `retry_after` is the pause that it asked for, in seconds."""

    def __init__(self, message, retry_after=None):
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(Exception):
    """The service won't answer this, whenever it is asked."""
