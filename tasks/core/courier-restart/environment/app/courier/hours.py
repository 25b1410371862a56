"""Opening hours. A site's clock is a fixed offset from UTC (see sites.toml)."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from pathlib import Path


@dataclass(frozen=True)
class Site:
    name: str
    zone: timezone
    opens: time
    closes: time

    def next_open(self, moment: datetime) -> datetime:
        """The first moment from `moment` on at which the site may be contacted."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone is no moment")
        local = moment.astimezone(self.zone)
        if local.time() < self.opens:
            return datetime.combine(local.date(), self.opens, self.zone)
        if local.time() >= self.closes:
            return datetime.combine(local.date() + timedelta(days=1), self.opens, self.zone)
        return local

    def is_open(self, moment: datetime) -> bool:
        return self.opens <= moment.astimezone(self.zone).time() < self.closes


def parse_offset(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    hours, minutes = text[1:].split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


def load_sites(path) -> dict[str, Site]:
    table = tomllib.loads(Path(path).read_text(encoding="utf-8"))["sites"]
    return {
        name: Site(
            name,
            parse_offset(row["utc_offset"]),
            time.fromisoformat(row["opens"]),
            time.fromisoformat(row["closes"]),
        )
        for name, row in table.items()
    }
