"""Settings as JSON documents."""

from .patch import PatchError, apply
from .store import Store

__all__ = ["PatchError", "Store", "apply"]
