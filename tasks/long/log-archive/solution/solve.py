"""Works the answer out of the logs."""

import csv
import datetime
import glob
import json
import re


def lines(pattern):
    """Every line of some files, each once."""
    found = {}
    for path in sorted(glob.glob(pattern)):
        with open(path, encoding="utf-8") as file:
            found.update(dict.fromkeys(file.read().splitlines()))
    return list(found)


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


checkouts = {}
for host in ("web-1", "web-2", "web-3"):
    for line in lines(f"logs/{host}/*.log"):
        found = re.match(r"(\S+) \S+ \S+ sid=(\S+) req=(\S+) POST /checkout customer=(\S+) ", line)
        if found:
            checkouts.setdefault((host, found[3]), []).append((when(found[1]), found[2], found[4]))
ordered = set()
for line in lines("logs/orders/*.log"):
    if " written " in line or " reconciled " in line:
        ordered.add(re.search(r"payment=(\S+)", line)[1])
with open("logs/support.csv", encoding="utf-8", newline="") as file:
    refunds = {row["payment"]: int(row["cents"]) for row in csv.DictReader(file) if row["what"] == "refund"}
lost = []
for line in lines("logs/payments/*.jsonl"):
    row = json.loads(line)
    if row["event"] == "captured" and row["payment"] not in ordered:
        at = row["ts"] / 1000
        time, sid, customer = max(each for each in checkouts[row["host"], row["req"]] if each[0] <= at)
        assert at - time <= 5
        if not customer.startswith("C9"):
            lost.append((time, sid, customer, row["cents"], row["payment"], row["host"]))
lost.sort()


def utc(time):
    return datetime.datetime.fromtimestamp(int(time), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


(host,) = {row[5] for row in lost}
started = [line for line in lines(f"logs/{host}/*.log") if " started release=" in line and when(line.split()[0]) < lost[0][0]]
answer = {
    "sessions": sorted({row[1] for row in lost}),
    "customers": len({row[2] for row in lost}),
    "cents": sum(row[3] - refunds.get(row[4], 0) for row in lost),
    "refunded": sorted({row[1] for row in lost if row[4] in refunds}),
    "first": utc(lost[0][0]),
    "last": utc(lost[-1][0]),
    "cause": {"host": host, "release": started[-1].rpartition("=")[2]},
}
with open("answer.json", "w", encoding="utf-8") as file:
    json.dump(answer, file, indent=1)
    file.write("\n")
