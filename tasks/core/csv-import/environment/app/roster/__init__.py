"""Imports lists of members."""

from .errors import BadFile, BadRow
from .load import load

__all__ = ["BadFile", "BadRow", "load"]
