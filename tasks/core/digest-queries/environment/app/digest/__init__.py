"""The weekly mail of the tracker."""

from .build import Item, Mail, Section, build
from .render import render

__all__ = ["Item", "Mail", "Section", "build", "render"]
