"""How many requests a partner may make."""

from .bucket import Bucket
from .registry import Registry

__all__ = ["Bucket", "Registry"]
