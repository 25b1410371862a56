"""Compares answer.json with facts.json, fact by fact."""

import json
import os
import sys

path = "/app/answer.json"
if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > 100000:
    sys.exit("there is no answer.json")
try:
    with open(path, encoding="utf-8") as file:
        answer = json.load(file)
except ValueError as error:
    sys.exit(f"answer.json: {error}")
with open("/tests/facts.json", encoding="utf-8") as file:
    facts = json.load(file)
if not isinstance(answer, dict):
    sys.exit("answer.json is no object")
bad = [f"{key}: wanted {facts[key]!r}, found {answer.get(key)!r}" for key in facts if answer.get(key) != facts[key]]
if set(answer) != set(facts):
    bad.append(f"its keys are {sorted(answer)}")
print("\n".join(bad))
sys.exit(bool(bad))
