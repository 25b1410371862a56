"""Whether answer.json has the form of docs/answer.md."""

import json
import re
import sys

try:
    with open("answer.json", encoding="utf-8") as file:
        answer = json.load(file)
except (OSError, ValueError) as error:
    sys.exit(f"answer.json: {error}")
WANT = {"sessions": list, "customers": int, "cents": int, "refunded": list, "first": str, "last": str, "cause": dict}
bad = [f"{key} is missing" for key in WANT if key not in answer] + [f"{key}: what is this?" for key in answer if key not in WANT]
bad += [f"{key} is no {kind.__name__}" for key, kind in WANT.items() if key in answer and not isinstance(answer[key], kind)]
if not bad:
    for key in ("sessions", "refunded"):
        if answer[key] != sorted(set(answer[key])):
            bad.append(f"{key} is not sorted, or says something twice")
    if not set(answer["refunded"]) <= set(answer["sessions"]):
        bad.append("refunded has sessions that sessions has not")
    for key in ("first", "last"):
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer[key]):
            bad.append(f"{key} is no time")
    if set(answer["cause"]) != {"host", "release"}:
        bad.append("cause has host and release")
print("\n".join(bad) if bad else "the form is right")
sys.exit(bool(bad))
