"""Builds the digests with the project under /app; prints mails and counts as JSON."""

import json
import sys

sys.path.append("/tests")
sys.path.append("/app")  # last of all

from trackers import SIZES, WEEKS, changed, tracker

from digest import build, render

found = []
for size in SIZES:
    db = tracker(*size)
    schema = db.execute("SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_master UNION ALL SELECT sql FROM sqlite_temp_master)").fetchone()
    for again in range(2):
        for week in WEEKS:
            asked = []
            db.set_trace_callback(asked.append)
            mails = build(db, *week)
            db.set_trace_callback(None)
            found.append([[render(mail) for mail in mails], len(asked)])
        changed(db)
    after = db.execute("SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_master UNION ALL SELECT sql FROM sqlite_temp_master)").fetchone()
    found.append(["same schema", schema == after])
json.dump(found, sys.stdout)
