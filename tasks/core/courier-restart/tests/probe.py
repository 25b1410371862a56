"""Plays scenarios on the project under /app and prints what came of them, as JSON."""

import json
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.append("/app")  # after the standard library, so that nothing in /app can stand in for it

from courier.hours import load_sites
from courier.queue import Queue
from courier.store import Store

SITES = load_sites("/tests/sites.toml")
FOLDER = Path(tempfile.mkdtemp())


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def shown(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def opened(name):
    return Queue(Store(FOLDER / name, SITES), SITES)


def restarts():
    found = {}
    queue = opened("restarts")
    for site, moment in [
        ("lima", "2026-03-03T02:15"),
        ("lima", "2026-03-03T16:00:30"),
        ("auckland", "2026-03-03T05:00"),
        ("kathmandu", "2026-03-03T03:59:59"),
        ("lisbon", "2026-12-31T19:00"),
        ("halifax", "2026-07-01T23:00"),
    ]:
        queue.enqueue(f"{site}-{moment}", site, {"n": moment}, utc(moment))
    for again in range(3):
        queue = opened("restarts")
        for job in queue.jobs.values():
            found[f"{job.id} #{again}"] = [shown(job.run_at), job.run_at.tzinfo is not None, job.attempts, job.state, job.payload]
        queue._save()
    return found


def gives_up():
    now = utc("2026-03-03T15:00")
    opened("gives_up").enqueue("x", "lima", {}, now)
    seen = []
    for _ in range(12):
        queue = opened("gives_up")
        for job in queue.due(now):
            queue.failed(job, f"error {job.attempts}", now)
        job = opened("gives_up").jobs["x"]
        seen.append([shown(now), shown(job.run_at), job.attempts, job.state, job.last_error])
        now += timedelta(hours=5)
    return seen


def old_files():
    text = Path("/tests/old-queue.jsonl").read_text()
    (FOLDER / "old").write_text(text)
    first = {j.id: [shown(j.run_at), j.attempts, j.state, j.last_error] for j in opened("old").jobs.values()}
    queue = opened("old")
    queue.enqueue("new", "lima", {}, utc("2026-03-05T01:00"))
    second = {j.id: [shown(j.run_at), j.attempts, j.state, j.last_error] for j in opened("old").jobs.values()}
    fields = [sorted(json.loads(line)) for line in (FOLDER / "old").read_text().splitlines()]
    order = [j.id for j in opened("old").due(utc("2026-03-10T00:00"))]
    return {"first": first, "second": second, "fields": fields, "order": order}


json.dump({"restarts": restarts(), "gives_up": gives_up(), "old_files": old_files()}, sys.stdout, sort_keys=True, indent=1)
