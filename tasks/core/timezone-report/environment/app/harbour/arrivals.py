"""Reads arrivals."""

import csv
import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    port: str
    ship: str
    arrived: datetime.datetime
    left: datetime.datetime | None


def instant(text):
    """An aware time in UTC."""
    return datetime.datetime.fromisoformat(text[:19]).replace(tzinfo=datetime.timezone.utc)


def load(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [
            Arrival(row["port"], row["ship"], instant(row["arrived"]), instant(row["left"]) if row["left"] else None)
            for row in csv.DictReader(file)
        ]
