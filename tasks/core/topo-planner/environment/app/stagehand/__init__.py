"""The order in which the cues of a show are run."""

from .plan import Stuck, closure, plan
from .show import Show

__all__ = ["Show", "Stuck", "closure", "plan"]
