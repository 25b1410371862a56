"""Compares the probe's answers with ones worked out here, without SQL. Imports nothing from /app."""

import json
import subprocess
import sys

BOOKS = [
    (1, "Ulysses", "James Joyce", 1922, "North"),
    (2, "At Swim-Two-Birds", "Flann O'Brien", 1939, "St. Mary's"),
    (3, "100 Recipes", "Ida Brandl", 1998, "North"),
    (4, "Wool, 100% pure", "Ida Brandl", 2011, "St. Mary's"),
    (5, "snake_case for all", "Ned Ray", 2011, "North"),
    (6, "Back\\slash", 'Ann "Bo" Lee', 1999, "title"),
    (7, "Percent \\% signs", "title", 2001, "North"),
    (8, "It's Mary's", "Ned Ray", 1939, 'The "Annex"'),
    (9, "Ulysses", "Ann Other", 1990, "North"),
    (10, "UNDER_score; --", "b.title", 2020, "x' OR '1'='1"),
]
LOANS = [(2026, 2), (2026, 2), (2026, 4), (2026, 5), (2026, 8), (2026, 8), (2026, 8), (2025, 1), (2025, 9), (2025, 9), (2024, 7)]
KEYS = {"title": 1, "author": 2, "year": 3, "loans": 5}


def search(params):
    year, sort, limit = (params.get(key) or default for key, default in (("loans_of", "2026"), ("sort", "title"), ("limit", "20")))
    if year not in ("2024", "2025", "2026"):
        return f"refused: loans_of: {year}"
    if sort.removeprefix("-") not in KEYS:
        return f"refused: sort: {sort}"
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 100):
        return f"refused: limit: {limit}"
    rows = [(*book, sum((y, b) == (int(year), book[0]) for y, b in LOANS)) for book in BOOKS]
    if params.get("q"):
        rows = [row for row in rows if params["q"].lower() in row[1].lower()]
    for key, at in (("branch", 4), ("author", 2)):
        if params.get(key):
            rows = [row for row in rows if row[at] == params[key]]
    rows.sort(key=lambda row: (row[1], row[0]))
    rows.sort(key=lambda row: row[KEYS[sort.removeprefix("-")]], reverse=sort.startswith("-"))
    return [[row[1], row[2], row[3], row[5], 4] for row in rows[: int(limit)]]


UNION = "UNION SELECT name, password, 1, 1 FROM staff --"
REQUESTS = [{}, {"q": ""}, {"branch": "", "sort": "", "limit": ""}]
REQUESTS += [{"q": q} for q in ("swim", "SWIM", "100", "100%", "%", "_", "\\", "\\%", "'", "''", "it's", ";", "--", "[a-z]", f"x' {UNION}", f"%' {UNION}", "x'); DROP TABLE staff; --", "s_a", "e%a")]
REQUESTS += [{key: value} for key in ("branch", "author") for value in ("North", "St. Mary's", "St. Mary''s", "Flann O'Brien", 'Ann "Bo" Lee', 'The "Annex"', "title", "b.title", "x' OR '1'='1", f"x' {UNION}", f'x" {UNION}', f"x\\' {UNION}", "Nor%")]
REQUESTS += [{"sort": sign + key, **more} for sign in ("", "-") for key in KEYS for more in ({}, {"loans_of": "2025"}, {"branch": "North", "limit": "3"})]
REQUESTS += [{"sort": sort} for sort in ("--title", "-", "colour", "id", "b.id", "1", "title DESC", "title,year", "(SELECT 1)", "-year -- ", "random()", '"title"')]
REQUESTS += [{"loans_of": year} for year in ("2024", "2023", "20260", "2026 l ON 0 --", "2025 l ON l.book = b.id --", "-2026", "\u0662\u0660\u0662\u0666")]
REQUESTS += [{"limit": limit} for limit in ("1", "100", "0", "101", "-1", "1; DROP TABLE staff", "(SELECT 3)", "2 OFFSET 1", "1e1", "+3", "3 ", "\u0663", "x")]
calls = [["fresh"]] + [["handle", request] for request in REQUESTS] + [["state"]]
want = ["ok"] + [search(request) for request in REQUESTS]
TABLES = sorted(["books", "loans_2024", "loans_2025", "loans_2026", "staff", "searches", "saved"])
noted = [request["q"] for request in REQUESTS if request.get("q")]
want.append([["ida", "sesame"], TABLES, noted])
# what is noted, read back, and kept under names
evil = f"x' {UNION}"
typed = ["it's", "it's", evil, evil, evil, "' OR 1=1 --", "a", "b", "A"]
calls += [["fresh"]] + [["handle", {"q": word}] for word in typed] + [["often"]]
want += ["ok"] + [search({"q": word}) for word in typed]
counts = {word: typed.count(word) for word in typed}
want.append([[word, count] for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))][:5])
calls += [
    ["save", "o'neill", "it's new", {"sort": "-year", "limit": "1"}], ["run", "o'neill", "it's new"], ["names", "o'neill"],
    ["run", "mia", "it's new"], ["run", "x' OR '1'='1", "it's new"], ["run", "mia", "' OR reader = 'o''neill"],
    ["run", "mia", "x' UNION SELECT '{\"limit\": \"2\"}' --"], ["save", "mia", "bad", {"sort": "(SELECT 1)"}], ["run", "mia", "bad"],
    ["save", "mia", "bad", {"branch": evil}], ["run", "mia", "bad"], ["names", "mia"],
]
want += [
    None, ["UNDER_score; --"], ["it's new"], "refused: no search of that name: it's new", "refused: no search of that name: it's new",
    "refused: no search of that name: ' OR reader = 'o''neill", "refused: no search of that name: x' UNION SELECT '{\"limit\": \"2\"}' --",
    None, "refused: sort: (SELECT 1)", None, [], ["bad"],
]
asked = json.dumps({"books": BOOKS, "loans": LOANS}) + "\n" + "".join(json.dumps(call) + "\n" for call in calls)
run = subprocess.run([sys.executable, "-I", "/tests/probe.py"], cwd="/", input=asked, capture_output=True, text=True, timeout=60)
lines = run.stdout.splitlines()
if len(lines) != len(calls):
    sys.exit(f"{len(lines)} answers to {len(calls)} calls\n{run.stderr[-2000:]}")
bad = [(call, wanted, json.loads(line)) for call, wanted, line in zip(calls, want, lines) if json.loads(line) != wanted]
for call, wanted, found in bad[:8]:
    print(f"{call}:\n  wanted {wanted}\n  found  {found}")
print(f"{len(bad)} wrong")
sys.exit(1 if bad else 0)
