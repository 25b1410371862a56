"""Makes logs and knows what is in them."""

import gzip
import os
from datetime import datetime, timedelta, timezone

PATHS = [
    "/orders/{n}", "/orders/{n}", "/orders/{n}?full=1&x={n}", "/orders", "/invoices/{n}/pdf", "/invoices/{n}",
    "/files/123e4567-e89b-12d3-a456-4266141740{n:02}", "/v2/status", "/search?q=a%20b", "/search,all", "/",
]
NAMES = [
    "/orders/:id", "/orders/:id", "/orders/:id", "/orders", "/invoices/:id/pdf", "/invoices/:id",
    "/files/:id", "/v2/status", "/search", "/search,all", "/",
]
AGENTS = ["curl/8.1", "Mozilla/5.0 (X11; Linux x86_64)", 'shop \\"beta\\" 500 1.0', "back\\\\", "-"]
STATUS = [200, 200, 200, 201, 304, 404, 499, 500, 502, 600]


def numbers(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def make(folder, seed, hosts, start, hours, count, shared_ids):
    """Writes the logs; gives the requests as (moment in UTC, endpoint, status, milliseconds)."""
    rows = numbers(seed)
    pick = lambda n: next(rows) % n
    requests = []
    for index, (host, offset) in enumerate(hosts):
        zone = timezone(timedelta(minutes=offset))
        lines = []
        moments = sorted(start + timedelta(seconds=pick(hours * 3600)) for _ in range(count))
        for number, moment in enumerate(moments):
            which, n = pick(len(PATHS)), 10 + pick(90)
            first, name = f"GET {PATHS[which].format(n=n)} HTTP/1.1", NAMES[which]
            if pick(12) == 0:
                first, name = f'POST /notes/{n}/say\\"hi\\" HTTP/1.1', '/notes/:id/say"hi"'
            elif pick(15) == 0:
                first, name = "-", "-"
            status, ms = STATUS[pick(len(STATUS))], 1 + pick(900)
            rid = f"{number if shared_ids else number * len(hosts) + index:04x}"
            stamp = moment.astimezone(zone).strftime("%d/%b/%Y:%H:%M:%S %z")
            address = "2001:db8::" + str(n) if pick(3) == 0 else f"10.0.3.{n}"
            agent = AGENTS[pick(len(AGENTS))]
            lines.append(f'{address} - - [{stamp}] "{first}" {status} {n} "-" "{agent}" rid={rid} rt={ms / 1000:.3f}\n')
            requests.append((moment, name, status, ms))
        cuts = [0, len(lines) // 3, 2 * len(lines) // 3, len(lines)]
        os.makedirs(os.path.join(folder, host))
        for age in (2, 1, 0):
            part = lines[cuts[2 - age] : cuts[3 - age]]
            if age < 2 and pick(4) > 0:  # written between copying and emptying
                part = lines[max(0, cuts[2 - age] - 1 - pick(6)) : cuts[2 - age]] + part
            text = "".join(part)
            if age == 1:
                text += lines[0][:60] + "\n"  # the disk was full
            if age == 0:
                text += lines[1][:75]
            path = os.path.join(folder, host, "access.log" + (f".{age}" if age else ""))
            if age == 2:
                with open(path + ".gz", "wb") as out:
                    out.write(gzip.compress(text.encode(), mtime=0))
            else:
                with open(path, "w", encoding="utf-8") as out:
                    out.write(text)
    return requests


def report(requests, day):
    """The rows that the README asks for."""
    found = {}
    for moment, name, status, ms in requests:
        if moment.strftime("%Y-%m-%d") == day:
            found.setdefault(name, []).append((status, ms))
    rows = ["endpoint,requests,errors,p95_ms"]
    for name in sorted(found, key=str.encode):
        times = sorted(ms for _, ms in found[name])
        errors = sum(500 <= status <= 599 for status, _ in found[name])
        shown = '"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name
        rows.append(f"{shown},{len(times)},{errors},{times[-(-len(times) * 95 // 100) - 1]}")
    return "\n".join(rows) + "\n"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
