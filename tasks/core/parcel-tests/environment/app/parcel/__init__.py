"""What it costs to send a parcel."""

from .model import Customer, Parcel, Refused
from .quote import quote

__all__ = ["Customer", "Parcel", "Refused", "quote"]
