class BadRequest(Exception):
    """A request that is refused; says why."""
