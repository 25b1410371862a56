"""What is due, what failed, what is dead. Saved after every change."""

from datetime import datetime

from . import backoff
from .job import DEAD, DONE, WAITING, Job


class Queue:
    def __init__(self, store, sites, max_attempts: int = 5):
        self.store = store
        self.sites = sites
        self.max_attempts = max_attempts
        self.jobs = {job.id: job for job in store.load()}

    def enqueue(self, job_id: str, site: str, payload: dict, now: datetime) -> Job:
        if job_id in self.jobs:
            raise KeyError(f"job {job_id} exists")
        job = Job(id=job_id, site=site, run_at=self.sites[site].next_open(now), payload=payload)
        self.jobs[job_id] = job
        self._save()
        return job

    def due(self, now: datetime) -> list[Job]:
        waiting = (job for job in self.jobs.values() if job.state == WAITING and job.run_at <= now)
        return sorted(waiting, key=lambda job: (job.run_at, job.id))

    def done(self, job: Job) -> None:
        job.state = DONE
        self._save()

    def failed(self, job: Job, error: str, now: datetime) -> None:
        job.attempts += 1
        job.last_error = error
        if job.attempts >= self.max_attempts:
            job.state = DEAD
        else:
            job.run_at = self.sites[job.site].next_open(now + backoff.delay(job.attempts))
        self._save()

    def _save(self) -> None:
        self.store.save(self.jobs.values())
