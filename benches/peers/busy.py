#!/usr/bin/env python3
"""How busy `retake run --live-jobs L` keeps a model that takes a while for each answer: L trials at once, each of a few
contained shell steps, against a server on loopback.

    cargo build --release -p cli
    benches/peers/busy.py --retake target/release/retake

One line of JSON: the share of L answers that were under way on average, over the whole run and between the moment when all
L trials had asked and the moment when the last one began; the slowest and the median pause between an answer and the next
request of its trial; the processors' time of the harness and all it started; and the host's load.
"""
import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import tempfile
import threading
import time

TASK = {
    "suite.toml": 'version = "1.0"\ntasks = ["greet"]\n',
    "greet/task.toml": 'schema_version = "1.4"\n[task]\nname = "busy/greet"\n',
    "greet/instruction.md": "Write `hello` to greeting.txt.\n",
    "greet/environment/Dockerfile": "FROM scratch\nWORKDIR /app\nCOPY app/ /app/\n",
    "greet/environment/app/README.md": "Nothing yet.\n",
    "greet/tests/test.sh": "#!/bin/bash\nmkdir -p /logs/verifier\n"
    "grep -qx hello /app/greeting.txt && echo 1 >/logs/verifier/reward.txt || echo 0 >/logs/verifier/reward.txt\n",
}


class Server:
    """Answers each request after a while; calls a tool until the trial has had its steps."""

    def __init__(self, arguments):
        self.seconds, self.steps = arguments.seconds, arguments.steps
        # Arrival, end, and whether it began a trial.
        self.answers, self.pauses, self.ends = [], [], {}
        self.port, ready = 0, threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait()

    async def serve(self, ready):
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def connected(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                body = json.loads(await reader.readexactly(int(length.split(b":")[1])))
                came = time.monotonic()
                await asyncio.sleep(self.seconds)
                outputs = [item for item in body["input"] if item.get("type") == "function_call_output"]
                trial = outputs[0]["call_id"] if outputs else f"t{len(self.answers)}"
                if outputs:
                    self.pauses.append(came - self.ends[trial])
                writer.write(answer(len(outputs), self.steps, trial))
                await writer.drain()
                self.ends[trial] = time.monotonic()
                self.answers.append((came, self.ends[trial], not outputs))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def answer(outputs, steps, trial):
    if outputs + 1 < steps:
        command = json.dumps({"cmd": f"echo hello >greeting.txt; ls; echo {outputs}"})
        # The first call's id tells the trial.
        call = trial if outputs == 0 else f"{trial}-{outputs}"
        item = {"type": "function_call", "id": f"fc_{call}", "call_id": call, "name": "exec_command", "arguments": command}
    else:
        content = [{"type": "output_text", "text": "Done.", "annotations": []}]
        item = {"type": "message", "id": "msg", "role": "assistant", "content": content}
    usage = {"input_tokens": 1000, "output_tokens": 50, "total_tokens": 1050}
    done = {"id": "r", "model": "stub", "status": "completed", "output": [item], "usage": usage}
    events = [
        {"type": "response.created", "response": {"id": "r", "status": "in_progress"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(body)
    return head + body


def busy(answers, start, end, jobs):
    """The share of `jobs` that were under way on average between two moments."""
    under_way = sum(max(0.0, min(ended, end) - max(came, start)) for came, ended, _ in answers)
    return round(under_way / (jobs * (end - start)), 4) if end > start else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--retake", required=True, help="the program, built for release")
    parser.add_argument("--live-jobs", type=int, default=200)
    parser.add_argument("--trials", type=int, default=600)
    parser.add_argument("--steps", type=int, default=6, help="answers of each trial")
    parser.add_argument("--seconds", type=float, default=2.0, help="that an answer takes")
    arguments = parser.parse_args()
    server = Server(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in TASK.items():
            path = f"{folder}/tasks/busy/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        with open(f"{folder}/retake.toml", "w") as file:
            file.write(
                'version = "1.0"\n[suite.busy]\npath = "tasks/busy"\n[backend.local]\nprotocol = "responses"\n'
                f'base_url = "http://127.0.0.1:{server.port}/v1"\nmodel = "stub"\n'
            )
        command = [arguments.retake, "-C", folder, "--json", "run", "busy", "--model", "local"]
        command += ["--trials", str(arguments.trials), "--live-jobs", str(arguments.live_jobs)]
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        wall = time.monotonic() - begun
    told = json.loads(done.stdout) if done.stdout.strip() else done.stderr
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    answers = sorted(server.answers)
    begins = [came for came, _, first in answers if first]
    row = {
        "passed": told["passed"] if isinstance(told, dict) else told,
        "answers": len(answers),
        "wall_s": round(wall, 1),
        "busy": busy(answers, answers[0][0], answers[-1][1], arguments.live_jobs),
        "busy_steady": busy(answers, begins[min(arguments.live_jobs, len(begins)) - 1], begins[-1], arguments.live_jobs),
        "first_wave_s": round(begins[min(arguments.live_jobs, len(begins)) - 1] - begun, 2),
        "pause_p50_ms": round(statistics.median(server.pauses) * 1e3, 1),
        "pause_max_ms": round(max(server.pauses) * 1e3, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
