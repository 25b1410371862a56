import unittest
from datetime import datetime, timezone
from pathlib import Path

from courier.hours import load_sites

SITES = load_sites(Path(__file__).parent.parent / "sites.toml")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


class HoursTest(unittest.TestCase):
    def test_before_opening_waits_for_it(self):
        self.assertEqual(SITES["lima"].next_open(utc("2026-03-03T11:00")), utc("2026-03-03T14:00"))

    def test_after_closing_waits_for_the_next_day(self):
        self.assertEqual(SITES["auckland"].next_open(utc("2026-03-03T05:00")), utc("2026-03-03T20:00"))

    def test_inside_stays(self):
        moment = utc("2026-03-03T06:00")
        self.assertEqual(SITES["kathmandu"].next_open(moment), moment)
