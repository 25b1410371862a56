"""The report of a day."""

import datetime

from . import zones

HOUR = datetime.timedelta(hours=1)


def day(port, changes, rows, date):
    """The report of a port's day; nothing where nothing arrived."""
    lines, nights, total = [], 0, datetime.timedelta()
    for row in sorted(rows, key=lambda row: row.arrived):
        local, minutes = zones.clock(changes, row.arrived)
        if local.date() != date:
            continue
        night = local.hour >= 22 or local.hour < 6
        nights += night
        berth = "open"
        if row.left:
            total += row.left - row.arrived
            berth = hours(row.left - row.arrived)
        lines.append(f"  {local:%H:%M}{zones.text(minutes)}  {row.ship}{'  night' if night else ''}  berth {berth}")
    if not lines:
        return ""
    length = zones.begin(changes, date + datetime.timedelta(days=1)) - zones.begin(changes, date)
    head = f"{port} {date} ({length / HOUR:g} h)"
    return "\n".join([head, *lines, f"  {len(lines)} arrivals, {nights} at night, berth {hours(total)}"])


def hours(time):
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02}"
