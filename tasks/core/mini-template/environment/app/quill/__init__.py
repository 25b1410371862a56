"""Templates for mails."""

from .errors import TemplateError
from .parser import parse

__all__ = ["TemplateError", "render"]


def render(source, data):
    """The mail that a template makes of `data`."""
    return parse(source).render(data)
