"""The table of zones, and what a clock shows."""

import datetime

UTC = datetime.timezone.utc


def load(path):
    """For each zone, its changes: (instant, minutes east), in order."""
    table = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                zone, at, minutes = line.split()
                when = datetime.datetime.fromisoformat(at).replace(tzinfo=UTC)
                table.setdefault(zone, []).append((when, int(minutes)))
    for changes in table.values():
        changes.sort()
    return table


def offset(changes, instant):
    """Minutes east of UTC at an instant."""
    found = changes[0][1]
    for when, minutes in changes:
        if instant >= when:
            found = minutes
    return found


def text(minutes):
    """An offset as +HH:MM."""
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def clock(changes, instant):
    """What the clock shows at an instant (still marked as UTC), and its offset in minutes."""
    minutes = offset(changes, instant)
    return instant + datetime.timedelta(minutes=minutes), minutes


def begin(changes, date):
    """The first instant of a day."""
    midnight = datetime.datetime.combine(date, datetime.time(), UTC)
    offsets = {minutes for _, minutes in changes}
    starts = [midnight - datetime.timedelta(minutes=minutes) for minutes in offsets]
    starts += [when for when, _ in changes]  # a clock may be put forward at midnight
    return min(start for start in starts if clock(changes, start)[0] >= midnight)
