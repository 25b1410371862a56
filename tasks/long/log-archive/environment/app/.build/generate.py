"""Makes logs/: seven days of five services, the same on every host. No library's random numbers, so no version matters."""

import json
import os

state = 20260501


def rnd(n):
    """A number below n."""
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % n


BASE = 1777593600  # 2026-05-01T00:00:00Z
DAY = 86400


def civil(seconds, shift=0):
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + shift))


web = {1: [], 2: [], 3: []}
payments, orders, support = [], [], []
next_req = {1: 1, 2: 1, 3: 1}
seen = set()
missing = []
payment_no = 0
START = {1: BASE - 5000, 2: BASE - 5000, 3: BASE - 5000}


def line(host, ms, text):
    seconds, part = divmod(ms, 1000)
    if host == 3:
        stamp = f"{civil(seconds, 7200)}.{part:03}+02:00"
    else:
        stamp = f"{civil(seconds)}.{part:03}Z"
    web[host].append((ms, f"{stamp} web-{host} {text}"))


def number(host):
    n = next_req[host]
    next_req[host] += 1
    return f"{n:06}"


RESTART = (BASE + 2 * DAY + 10 * 3600 + 1740) * 1000  # web-2 gets 4.17.2
HEALTHY = (BASE + 5 * DAY + 15 * 3600 + 600) * 1000  # and 4.17.3
OTHER = (BASE + 1 * DAY + 9 * 3600) * 1000  # a restart of web-1 that keeps its numbers
restarted = {2: False, 1: False, "healthy": False}
PATHS = ["/", "/search", "/item", "/cart", "/help", "/account"]
sessions = {}


def pay(host, ms, sid, customer, cents, req, decline):
    """What payments and orders make of a checkout."""
    global payment_no
    payment_no += 1
    name = f"P{payment_no:05}"
    at = ms + 300 + rnd(3500)

    def event(what, ms):
        payments.append((ms, json.dumps({"ts": ms, "event": what, "payment": name, "host": f"web-{host}", "req": req, "cents": cents})))

    if decline:
        event("declined", at)
        return
    event("authorized", at)
    event("captured", at + 100 + rnd(900))
    when = at + 1500 + rnd(20000)
    order = f"O{payment_no + 40000}"
    text = f"host=web-{host} req={req} payment={name}"
    if (host, req) in seen:
        orders.append((when, f"skipped {text}: seen already"))
        missing.append((when, name, order, host, req))
        return
    seen.add((host, req))
    for attempt in range(1, 1 + (rnd(12) == 0) + (rnd(40) == 0)):
        orders.append((when, f"retry {attempt} {text}: deadlock"))
        when += 2000 + rnd(4000)
    orders.append((when, f"written {order} {text}"))


captured = []
events = []
for day in range(7):
    for n in range(520):
        events.append((BASE + day * DAY) * 1000 + rnd(DAY * 1000))
events.sort()
night = 1
for number_of, ms in enumerate(events):
    while night < 7 and ms > (BASE + night * DAY + 3 * 3600) * 1000:
        at = (BASE + night * DAY + 3 * 3600) * 1000
        for k, (when, name, order, host, req) in enumerate(list(missing)):
            if rnd(4) == 0:
                orders.append((at + 700 * k + rnd(600), f"reconciled {order} payment={name}"))
                missing.remove((when, name, order, host, req))
        night += 1
    if not restarted[1] and ms > OTHER:
        restarted[1] = True
        line(1, OTHER, "INFO started release=4.17.1")
    if not restarted[2] and ms > RESTART:
        restarted[2] = True
        line(2, RESTART, "INFO stopping, 3 requests in flight")
        line(2, RESTART + 41000, "INFO started release=4.17.2")
        next_req[2] = 88
    if not restarted["healthy"] and ms > HEALTHY:
        restarted["healthy"] = True
        line(2, HEALTHY, "INFO started release=4.17.3")
        next_req[2] = 30000
    host = 1 + rnd(3)
    customer = f"C9{rnd(9):03}" if rnd(14) == 0 else f"C{rnd(9)}{rnd(900) + 100:03}"
    sid = f"{rnd(2**24):06x}"
    sessions[sid] = customer
    at = ms
    for _ in range(3 + rnd(8)):
        line(host, at, f"INFO sid={sid} GET {PATHS[rnd(6)]} customer={customer} -> 200 {20 + rnd(200)}ms")
        at += 1000 + rnd(30000)
    if rnd(100) < 40:
        cents = 500 + rnd(20000)
        tries = 2 if rnd(9) == 0 else 1
        for attempt in range(tries):
            req = number(host)
            slow = rnd(30) == 0
            code, took = (504, 30000) if slow else (200, 400 + rnd(2500))
            level = "WARN" if slow else "INFO"
            decline = attempt < tries - 1 or rnd(25) == 0
            if decline and not slow:
                code = 402
            line(host, at, f"{level} sid={sid} req={req} POST /checkout customer={customer} -> {code} {took}ms")
            pay(host, at, sid, customer, cents, req, decline)
            captured.append((at, sid, customer, cents, host, req))
            at += 40000 + rnd(30000)
    elif rnd(60) == 0:
        line(host, at, f"ERROR sid={sid} GET /account customer={customer} -> 500 {rnd(90)}ms")

for when, name, order, host, req in missing:
    best = max((row for row in captured if row[4] == host and row[5] == req and row[0] < when), key=lambda row: row[0])
    if rnd(3) == 0 and not best[2].startswith("C9"):
        support.append((when + 3600000 * (2 + rnd(9)), f"refund,{name},{best[3]},{best[2]}"))
for _ in range(60):
    at, sid, customer, cents, host, req = captured[rnd(len(captured))]
    support.append((at + 7200000 + rnd(9) * 1000, f"{['call', 'mail', 'voucher'][rnd(3)]},,{[0, 0, 500][rnd(3)]},{customer}"))


def files(folder, rows, shift, end, suffix):
    """A file for each day of the service's clock, each beginning with the last lines of the one before."""
    os.makedirs(f"logs/{folder}", exist_ok=True)
    rows = sorted(rows)
    days = {}
    for ms, text in rows:
        days.setdefault((ms // 1000 + shift) // DAY, []).append(text)
    before = []
    for day in sorted(days):
        with open(f"logs/{folder}/{civil(day * DAY)[:10]}.{suffix}", "w", encoding="utf-8") as file:
            file.write("".join(text + "\n" for text in before + days[day]))
        before = days[day][-12:]


for host in web:
    files(f"web-{host}", web[host], 7200 if host == 3 else 0, None, "log")
files("payments", payments, 0, None, "jsonl")
files("orders", [(ms, f"{civil(ms // 1000)}.{ms % 1000:03}Z orders {text}") for ms, text in orders], 0, None, "log")
with open("logs/support.csv", "w", encoding="utf-8") as file:
    file.write("time,what,payment,cents,customer\n")
    for ms, text in sorted(support):
        file.write(f"{civil(ms // 1000)}Z,{text}\n")
