"""The report of a day."""

import datetime

from . import zones

HOUR = datetime.timedelta(hours=1)


def day(port, changes, rows, date):
    """The report of a port's day; nothing where nothing arrived."""
    midnight = datetime.datetime.combine(date, datetime.time(), zones.UTC)
    minutes = zones.offset(changes, midnight)
    shift = datetime.timedelta(minutes=minutes)
    start = midnight - shift
    end = start + 24 * HOUR
    lines, nights, total = [], 0, datetime.timedelta()
    for row in rows:
        if not start <= row.arrived < end:
            continue
        local = row.arrived + shift
        night = local.hour >= 22 or local.hour < 6
        nights += night
        berth = "open"
        if row.left:
            leaving = row.left + datetime.timedelta(minutes=zones.offset(changes, row.left))
            total += leaving - local
            berth = hours(leaving - local)
        lines.append(f"  {local:%H:%M}{zones.text(minutes)}  {row.ship}{'  night' if night else ''}  berth {berth}")
    if not lines:
        return ""
    head = f"{port} {date} ({(end - start) / HOUR:g} h)"
    return "\n".join([head, *sorted(lines), f"  {len(lines)} arrivals, {nights} at night, berth {hours(total)}"])


def hours(time):
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02}"
