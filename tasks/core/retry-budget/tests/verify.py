"""Compares the probe's logs with ones made here by the rules of docs/retry.md. Imports nothing from /app."""

import json
import subprocess
import sys

T, OK, NO, BUG = (lambda after=None, takes=0: [takes, "temporary", after]), [0, "ok", 7], [0, "permanent", None], [0, "other", None]
Q = {"first": 0.25, "longest": 4.0, "deadline": 1000.0}  # sums of these are exact


def scenario(*steps, **more):
    return {"steps": list(steps), "retry": {**Q, **more.pop("retry", {})}, **more}


SCENARIOS = [
    scenario(["call", "a", [OK]]),
    scenario(["call", "a", [T()] * 3 + [OK]]),
    scenario(["call", "a", [T()] * 4]),
    scenario(["call", "a", [T()] * 8 + [OK]], retry={"tries": 9}),
    scenario(["call", "a", [T()] * 8 + [OK]], retry={"tries": 9}, part=0.5),
    scenario(["call", "a", [T()] * 3], retry={"tries": 3}, part=0.0),
    scenario(["call", "a", [T()]], retry={"tries": 1}),
    scenario(["call", "a", [T(), T(), OK]], retry={"first": 8.0}),
    scenario(["call", "a", [T(), NO]]),
    scenario(["call", "a", [BUG]]),
    scenario(["call", "a", [T(), BUG]]),
    scenario(["call", "a", [[0, "ok", None]]]),
    # retry_after: at least, longer than the longest pause, and with a draw all the same
    scenario(["call", "a", [T(7.0), T(0.125), T(0.0), OK]]),
    scenario(["call", "a", [T(64.0), OK]]),
    scenario(["call", "a", [T(0.375), T(0.375), OK]], part=0.5),
    # the deadline
    scenario(["call", "a", [T()] * 9], retry={"tries": 9, "deadline": 1.75}),
    scenario(["call", "a", [T()] * 9], retry={"tries": 9, "deadline": 1.875}),
    scenario(["call", "a", [T(takes=1.5), T(), OK]], retry={"deadline": 1.75}),
    scenario(["call", "a", [T(takes=1.5), T(takes=9), OK]], retry={"deadline": 1.8125}),
    scenario(["call", "a", [T(30.0), OK]], retry={"deadline": 30.0}),
    scenario(["call", "a", [T(takes=99), OK]], retry={"deadline": 30.0}),
    scenario(["pass", 500.0], ["call", "a", [T()] * 9], ["call", "a", [T()] * 9], retry={"tries": 9, "deadline": 1.875}),
    # the budget
    scenario(*[["allows"]] * 3, budget={"ratio": 0.5, "window": 8.0, "spare": 2}),
    scenario(*[["first"]] * 5, *[["allows"]] * 6, budget={"ratio": 0.5, "window": 8.0, "spare": 2}),
    scenario(["allows"], ["allows"], ["pass", 7.875], ["allows"], ["pass", 0.125], ["allows"], ["allows"], ["allows"], budget={"ratio": 0.5, "window": 8.0, "spare": 2}),
    scenario(*[["first"]] * 4, ["pass", 4.0], *[["first"]] * 2, ["pass", 4.0], *[["allows"]] * 3, budget={"ratio": 0.5, "window": 8.0, "spare": 1}),
    scenario(*[["first"]] * 9, *[["allows"]] * 3, budget={"ratio": 0.25, "window": 8.0, "spare": 0}),
    scenario(["call", "a", [T()] * 4], ["call", "b", [T()] * 4], ["call", "c", [T()]], ["call", "c", [OK]], ["pass", 60.0], ["call", "a", [T(), OK]], budget={"ratio": 0.25, "window": 8.0, "spare": 3}),
    scenario(["call", "a", [T(6.0), T(), T(), OK]], ["allows"], budget={"ratio": 0.0, "window": 4.0, "spare": 1}),
    scenario(["call", "a", [T(64.0), OK]], ["allows"], ["allows"], retry={"deadline": 8.0}, budget={"ratio": 0.0, "window": 8.0, "spare": 1}),
    scenario(["call", "a", [T()]], ["allows"], retry={"tries": 1}, budget={"ratio": 0.0, "window": 8.0, "spare": 1}),
    scenario(["call", "a", [NO]], ["allows"], ["allows"], budget={"ratio": 1.0, "window": 8.0, "spare": 0}),
    scenario(["call", "a", [T(takes=8.0), OK]], ["call", "a", [T(), OK]], budget={"ratio": 1.0, "window": 8.0, "spare": 0}),
    # the client
    {"steps": [["client", "a", [[503, {}, ""], [429, {"Retry-After": "3"}, ""], [200, {}, "1082500"]]]], "retry": Q},
    {"steps": [["client", "a", [[404, {}, ""]]], ["client", "a", [[502, {}, ""]] * 4]], "retry": Q},
    {"steps": [["client", "", [[503, {}, ""]]], ["client", "", [[200, {}, "5"]]]], "retry": Q},
]


def play(scenario):
    """By the rules."""
    log, now = [], 0.0
    part, rules = scenario.get("part", 1.0), {"tries": 4, **scenario["retry"]}
    budget = {"ratio": 0.1, "window": 10.0, "spare": 3, **scenario.get("budget", {"spare": 1000})}
    firsts, again = [], []

    def allows():
        inside = lambda times: sum(at > now - budget["window"] for at in times)
        good = inside(again) < int(inside(firsts) * budget["ratio"] + 1e-9) + budget["spare"]
        if good:
            again.append(now)
        return good

    for step in scenario["steps"]:
        if step[0] == "pass":
            now += step[1]
        elif step[0] == "first":
            firsts.append(now)
        elif step[0] == "allows":
            log.append(["allows", allows()])
        else:
            client, begun, count, limit = step[0] == "client", now, 0, rules["first"]
            retried = not client or step[1]
            if retried:
                firsts.append(now)
            for answer in step[2]:
                count += 1
                if client:
                    log.append(["asked", "/rates/EUR/USD", now])
                    status, headers, body = answer
                    after = float(headers["Retry-After"]) if headers else None
                    kind, value = ("ok", int(body)) if status == 200 else ("permanent", None) if status == 404 else ("temporary", after)
                else:
                    log.append(["try", now])
                    now += answer[0]
                    kind, value = answer[1:]
                if kind == "ok":
                    log.append(["gives", value])
                    break
                if kind != "temporary":
                    log.append(["raises", {"permanent": "Permanent", "other": "KeyError"}[kind], None])
                    break
                if retried and count < rules["tries"]:
                    log.append(["draw", 0, min(limit, rules["longest"])])
                    pause = max(min(limit, rules["longest"]) * part, value or 0)
                    if now + pause < begun + rules["deadline"] and allows():
                        log.append(["sleep", pause])
                        now += pause
                        limit *= 2
                        continue
                log.append(["raises", "Temporary", value])
                break
    return log


asked = "".join(json.dumps(scenario) + "\n" for scenario in SCENARIOS)
run = subprocess.run([sys.executable, "-I", "/tests/probe.py"], cwd="/", input=asked, capture_output=True, text=True, timeout=60)
lines = run.stdout.splitlines()
if len(lines) != len(SCENARIOS):
    sys.exit(f"{len(lines)} answers to {len(SCENARIOS)} scenarios\n{run.stderr[-2000:]}")
bad = 0
for scenario, line in zip(SCENARIOS, lines):
    if json.loads(line) != play(scenario):
        bad += 1
        if bad <= 5:
            print(f"{scenario}:\n  wanted {play(scenario)}\n  found  {line}")
with open("/app/tollgate/client.py", encoding="utf-8") as file:
    if "import time" in file.read():
        bad += 1
        print("client.py still imports time")
print(f"{bad} wrong")
sys.exit(1 if bad else 0)
