"""One reminder on its way."""

from dataclasses import dataclass, field
from datetime import datetime

WAITING = "waiting"
DONE = "done"
DEAD = "dead"


@dataclass
class Job:
    id: str
    site: str
    run_at: datetime
    payload: dict = field(default_factory=dict)
    attempts: int = 0
    state: str = WAITING
    last_error: str | None = None
