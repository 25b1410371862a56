import datetime
import pathlib
import unittest

from harbour import arrivals, report, zones

TABLE = zones.load(pathlib.Path(__file__).parent.parent / "data" / "zones.txt")


def row(ship, arrived, left=None):
    return arrivals.Arrival("P", ship, arrivals.instant(arrived), arrivals.instant(left) if left else None)


class Report(unittest.TestCase):
    def test_a_day_in_summer(self):
        rows = [row("Aurora", "2026-07-01T19:59:00Z", "2026-07-01T22:00:00Z"), row("Tern", "2026-06-30T22:00:00Z")]
        text = report.day("Oslo", TABLE["Europe/Oslo"], rows, datetime.date(2026, 7, 1))
        self.assertEqual(
            text,
            "Oslo 2026-07-01 (24 h)\n"
            "  00:00+02:00  Tern  night  berth open\n"
            "  21:59+02:00  Aurora  berth 2:01\n"
            "  2 arrivals, 1 at night, berth 2:01",
        )

    def test_nothing(self):
        self.assertEqual(report.day("Oslo", TABLE["Europe/Oslo"], [], datetime.date(2026, 7, 1)), "")


class Zones(unittest.TestCase):
    def test_summer_and_winter(self):
        for month, minutes in [(1, 60), (7, 120), (12, 60)]:
            instant = datetime.datetime(2026, month, 10, tzinfo=zones.UTC)
            self.assertEqual(zones.offset(TABLE["Europe/Oslo"], instant), minutes)

    def test_text(self):
        self.assertEqual([zones.text(0), zones.text(630), zones.text(-180)], ["+00:00", "+10:30", "-03:00"])


if __name__ == "__main__":
    unittest.main()
