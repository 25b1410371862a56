"""Works the reports out minute by minute and compares them with what /app prints, in a process of its own."""

import datetime
import functools
import os
import random
import subprocess
import sys
import tempfile

RUN = "import sys; sys.path.append('/app'); import runpy; sys.argv[0] = 'harbour'; runpy.run_module('harbour', run_name='__main__')"
UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
ZONES = {
    "Z/Oslo": [("2025-10-26T01:00", 60), ("2026-03-29T01:00", 120), ("2026-10-25T01:00", 60)],
    "Z/Helsinki": [("2025-10-26T01:00", 120), ("2026-03-29T01:00", 180), ("2026-10-25T01:00", 120)],
    "Z/Johns": [("2025-11-02T04:30", -210), ("2026-03-08T05:30", -150), ("2026-11-01T04:30", -210)],
    "Z/Howe": [("2025-10-04T15:30", 660), ("2026-04-04T15:00", 630), ("2026-10-03T15:30", 660)],
    "Z/Cairo": [("2025-10-30T21:00", 120), ("2026-04-23T22:00", 180), ("2026-10-29T21:00", 120)],
    "Z/Fixed": [("2025-01-01T00:00", -45)],
}
PORTS = {"Oslo": "Z/Oslo", "Helsinki": "Z/Helsinki", "Johns": "Z/Johns", "Howe": "Z/Howe", "Alexandria": "Z/Cairo", "Fixed": "Z/Fixed", "Empty": "Z/Oslo"}
DAYS = {
    "Oslo": ["2026-03-29", "2026-10-25", "2026-10-24", "2026-10-26", "2026-07-15", "2025-12-31"],
    "Helsinki": ["2026-03-29", "2026-10-25", "2026-03-28"],
    "Johns": ["2026-03-08", "2026-11-01", "2026-01-01", "2026-07-01"],
    "Howe": ["2026-04-05", "2026-10-04", "2026-04-04", "2026-05-05"],
    "Alexandria": ["2026-04-24", "2026-04-23"],
    "Fixed": ["2026-02-28", "2026-03-01"],
}


@functools.cache
def parse(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def offset(zone, instant):
    found = ZONES[zone][0][1]
    for at, minutes in ZONES[zone]:
        if parse(at) <= instant:
            found = minutes
    return found


def span(time):
    minutes = int(time / MINUTE)
    return f"{minutes // 60}:{minutes % 60:02}"


def want(port, date, rows):
    zone = PORTS[port]
    noon = parse(f"{date}T12:00")
    length, at = 0, noon - datetime.timedelta(hours=40)
    while at < noon + datetime.timedelta(hours=40):
        length += (at + offset(zone, at) * MINUTE).date().isoformat() == date
        at += MINUTE
    lines, nights, total = [], 0, datetime.timedelta()
    for arrived, ship, left, where in sorted((row for row in rows if row[3] == port), key=lambda row: row[0]):
        minutes = offset(zone, arrived)
        local = arrived + minutes * MINUTE
        if local.date().isoformat() != date:
            continue
        night = not 6 <= local.hour < 22
        nights += night
        berth = span(left - arrived) if left else "open"
        total += left - arrived if left else datetime.timedelta()
        lines.append(f"  {local:%H:%M}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}  {ship}{'  night' if night else ''}  berth {berth}")
    if not lines:
        return ""
    return "\n".join([f"{port} {date} ({length / 60:g} h)", *lines, f"  {len(lines)} arrivals, {nights} at night, berth {span(total)}"]) + "\n"


rng = random.Random(5)
rows = []
for port, days in DAYS.items():
    for date in days:
        middle = parse(f"{date}T12:00") - offset(PORTS[port], parse(f"{date}T12:00")) * MINUTE
        for _ in range(24):
            arrived = middle + rng.randrange(-14 * 60, 14 * 60) * MINUTE
            left = None if rng.random() < 0.2 else arrived + rng.randrange(1, 3000) * MINUTE
            rows.append((arrived, f"Ship {len(rows)}", left, port))
        for minutes in (-750, -720, -690, 660, 690, 719, 720, 750):
            rows.append((middle + minutes * MINUTE, f"Edge {len(rows)}", None, port))
    for at, _ in ZONES[PORTS[port]][1:]:
        for minutes in (-181, -121, -60, -1, 0, 1, 59, 60, 119, 180, 240):
            rows.append((parse(at) + minutes * MINUTE, f"Change {len(rows)}", parse(at) + 300 * MINUTE, port))
rows.append((parse("2026-06-15T12:00"), "Alone", parse("2026-06-15T12:59"), "Fixed"))
DAYS["Fixed"].append("2026-06-15")
seen = set()
rows = [row for row in rows if (row[0], row[3]) not in seen and not seen.add((row[0], row[3]))]
rng.shuffle(rows)


def written(number, instant):
    if instant is None:
        return ""
    if number % 4:
        return f"{instant:%Y-%m-%dT%H:%M:%S}Z"
    minutes = (number * 37 % 40 - 20) * 15
    return (instant.astimezone(datetime.timezone(datetime.timedelta(minutes=minutes)))).isoformat()


bad = []
with tempfile.TemporaryDirectory() as place:
    with open(f"{place}/zones.txt", "w") as file:
        lines = [f"{zone} {at} {minutes:+}" for zone, changes in ZONES.items() for at, minutes in changes]
        rng.shuffle(lines)
        file.write("# ZONE INSTANT OFFSET\n" + "\n".join(lines) + "\n")
    with open(f"{place}/ports.txt", "w") as file:
        file.write("".join(f"{port} {zone}\n" for port, zone in PORTS.items()))
    with open(f"{place}/arrivals.csv", "w") as file:
        file.write("port,ship,arrived,left\n")
        for number, (arrived, ship, left, port) in enumerate(rows):
            file.write(f"{port},{ship},{written(number, arrived)},{written(number + 1, left)}\n")
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", "HARBOUR_DATA": place, "TZ": "Asia/Kolkata"}

    def run(*words):
        done = subprocess.run([sys.executable, "-I", "-c", RUN, *words], cwd="/", env=env, capture_output=True, text=True, timeout=60)
        return done.stdout

    for port, days in DAYS.items():
        for date in days:
            found, right = run(date, port), want(port, date, rows)
            if found != right:
                pairs = list(zip(found.split("\n"), right.split("\n")))
                bad.append(f"{port} {date}: " + next((f"wanted {b!r}, found {a!r}" for a, b in pairs if a != b), "more or fewer lines"))
    for date in ("2026-03-29", "2026-10-25", "2020-01-01"):
        if run(date) != "".join(want(port, date, rows) for port in sorted(PORTS)):
            bad.append(f"all ports of {date}")
print("\n".join(bad))
sys.exit(bool(bad))
