import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from courier.hours import load_sites
from courier.job import DEAD
from courier.queue import Queue
from courier.store import Store
from courier.worker import tick

SITES = load_sites(Path(__file__).parent.parent / "sites.toml")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


class QueueTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "queue.jsonl"

    def open(self):
        return Queue(Store(self.path, SITES), SITES)

    def test_it_gives_up_after_five_attempts(self):
        queue = self.open()
        now = utc("2026-03-03T10:00")
        job = queue.enqueue("a", "lisbon", {}, now)

        def send(_job):
            raise OSError("line busy")

        for _ in range(20):
            tick(queue, send, now)
            now += timedelta(hours=7)
        self.assertEqual((job.state, job.attempts), (DEAD, 5))

    def test_a_restart_keeps_the_time(self):
        job = self.open().enqueue("a", "lisbon", {"to": "+351 5550100"}, utc("2026-03-03T19:00"))
        again = self.open().jobs["a"]
        self.assertEqual(again.run_at, job.run_at)
        self.assertEqual(again.payload, job.payload)
