"""Plays scenarios, one a line on stdin, with the project under /app; answers with what happened."""

import json
import sys

sys.path.append("/app")  # after the standard library

from tollgate.client import Client
from tollgate.errors import Permanent, Temporary
from tollgate.retry import Budget, Retry


class World:
    """Clock, random numbers and a service; notes everything."""

    def __init__(self, part):
        self.time, self.part, self.log = 0.0, part, []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.log.append(["sleep", seconds])
        self.time += seconds

    def uniform(self, low, high):
        self.log.append(["draw", low, high])
        return low + (high - low) * self.part


def play(scenario):
    world = World(scenario.get("part", 1.0))
    budget = Budget(world, **scenario.get("budget", {"spare": 1000}))
    retries = {}
    for step in scenario["steps"]:
        if step[0] == "pass":
            world.time += step[1]
            continue
        if step[0] == "first":
            budget.first()
            continue
        if step[0] == "allows":
            world.log.append(["allows", bool(budget.allows())])
            continue
        _, name, answers = step
        if name not in retries:
            retries[name] = Retry(world, world, budget=budget, **scenario.get("retry", {}))
        left = list(answers)

        def function():
            takes, kind, value = left.pop(0)
            world.log.append(["try", world.time])
            world.time += takes
            if kind == "temporary":
                raise Temporary("503", value)
            if kind == "permanent":
                raise Permanent("404")
            if kind == "other":
                raise KeyError("bug")
            return value

        if step[0] == "client":
            def transport(path):
                status, headers, body = left.pop(0)
                world.log.append(["asked", path, world.time])
                return status, headers, body

            client = Client(transport, retries[name]) if name else Client(transport)
            what = lambda: client.rate("USD")
        else:
            what = lambda: retries[name].call(function)
        try:
            world.log.append(["gives", what()])
        except Exception as error:
            world.log.append(["raises", type(error).__name__, getattr(error, "retry_after", None)])
    return world.log


for line in sys.stdin:
    try:
        answer = play(json.loads(line))
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
