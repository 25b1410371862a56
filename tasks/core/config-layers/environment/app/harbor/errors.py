class BadSetting(Exception):
    """A setting that can't be used."""
