"""The queue on disk: one JSON object a line, rewritten as a whole."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path

from .job import WAITING, Job

STAMP = "%Y-%m-%dT%H:%M:%S"


class Store:
    def __init__(self, path, sites):
        self.path = Path(path)
        self.sites = sites

    def save(self, jobs) -> None:
        scratch = self.path.with_suffix(".tmp")
        with scratch.open("w", encoding="utf-8") as out:
            for job in jobs:
                out.write(json.dumps(_record(job), sort_keys=True) + "\n")
        os.replace(scratch, self.path)

    def load(self) -> list[Job]:
        if not self.path.exists():
            return []
        with self.path.open(encoding="utf-8") as lines:
            return [_job(json.loads(line)) for line in lines if line.strip()]


def _record(job: Job) -> dict:
    return {
        "id": job.id,
        "site": job.site,
        # No offset needed: everything is UTC by the time it gets here.
        "run_at": job.run_at.strftime(STAMP),
        "payload": job.payload,
        "attempts": job.attempts,
        "state": job.state,
        "last_error": job.last_error,
    }


def _job(record: dict) -> Job:
    run_at = datetime.strptime(record["run_at"], STAMP).replace(tzinfo=timezone.utc)
    return Job(
        id=record["id"],
        site=record["site"],
        run_at=run_at,
        payload=record.get("payload", {}),
        # "tries" since 0.4
        attempts=record.get("tries", 0),
        state=record.get("state", WAITING),
        last_error=record.get("last_error"),
    )
