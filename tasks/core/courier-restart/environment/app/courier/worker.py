"""Takes what is due and hands it to a sender."""

from datetime import datetime


def tick(queue, send, now: datetime) -> int:
    """One pass over what is due; says how many were sent. `send` raises OSError when it cannot."""
    sent = 0
    for job in queue.due(now):
        try:
            send(job)
        except OSError as error:
            queue.failed(job, str(error), now)
        else:
            queue.done(job)
            sent += 1
    return sent
