"""The table of zones, and what a clock shows."""

import datetime

UTC = datetime.timezone.utc


def load(path):
    """For each zone, its changes: (time, minutes east), in order."""
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
        # the table has what the wall clock shows when it is changed
        if instant + datetime.timedelta(minutes=found) >= when:
            found = minutes
    return found


def text(minutes):
    """An offset as +HH:MM."""
    return f"{minutes // 60:+03}:{minutes % 60:02}"
