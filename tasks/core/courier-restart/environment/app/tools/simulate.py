"""Two days of the production queue, restarted every hour. Says what went wrong, if anything did."""

import shutil
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from courier.hours import load_sites  # noqa: E402
from courier.queue import Queue  # noqa: E402
from courier.store import Store  # noqa: E402
from courier.worker import tick  # noqa: E402


def main() -> int:
    sites = load_sites(ROOT / "sites.toml")
    wrong, tries = [], {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queue.jsonl"
        shutil.copy(ROOT / "var" / "queue.jsonl", path)
        now = datetime(2026, 3, 3, 12, 0, tzinfo=timezone.utc)

        def send(job):
            tries[job.id] = tries.get(job.id, 0) + 1
            if not sites[job.site].is_open(now):
                local = now.astimezone(sites[job.site].zone)
                wrong.append(f"{job.id}: {job.site} was contacted at {local:%H:%M}")
            if job.payload.get("to", "").endswith("0000"):
                raise OSError("no such number")

        for _ in range(48):
            queue = Queue(Store(path, sites), sites)
            for _ in range(6):
                tick(queue, send, now)
                now += timedelta(minutes=10)
        left = {job.id: job for job in Queue(Store(path, sites), sites).jobs.values()}
    for job_id, count in sorted(tries.items()):
        if count > 5:
            wrong.append(f"{job_id}: tried {count} times")
    for job_id, job in sorted(left.items()):
        if job.state == "waiting":
            wrong.append(f"{job_id}: still waiting after two days")
    print("\n".join(wrong) if wrong else f"{len(left)} jobs, nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
