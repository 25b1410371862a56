#!/usr/bin/env python3
"""How many requests a second the gateway answers from a recording, beside a bare server that writes the same frames.

    cargo build --release -p benches --examples
    benches/peers/throughput.py --examples target/release/examples        (needs wrk)

Small requests are compared with a server that only writes the frames, large ones (541 kB) with one that receives, parses
and hashes them. One line of JSON for each measurement; `cpu_us` is the server's own time for a request. The last lines
are the ratios, the best of the rounds of each: a busy host makes single rounds slower, none faster.
"""
import argparse
import json
import os
import random
import re
import subprocess
import tempfile

PIECES = 45
LARGE_BYTES = 541_000


def chunk(delta, finish=None):
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": choices}


def frames():
    answer = [chunk({"content": f"piece {number:02d} of the text"[:20].ljust(20)}) for number in range(PIECES)]
    return [{"gap_us": 0, "data": data} for data in [*answer, chunk({}, "stop"), "[DONE]"]]


def request(large):
    """A request as a coding agent sends it: small, or with 120 rounds of tools behind it."""
    messages = [{"role": "system", "content": "You are a coding agent."}]
    words = random.Random(7)
    size = 0
    while large and size < LARGE_BYTES - 300:
        number = len(messages)
        text = "\n".join("word " * words.randrange(8, 20) for _ in range(60))[: min(4250, LARGE_BYTES - size)]
        function = {"name": "shell", "arguments": json.dumps({"cmd": f"sed -n {number},999p src/lib.rs"})}
        call = {"id": f"call_{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"call_{number}", "content": text})
        size += len(json.dumps(messages[-2:]))
    messages.append({"role": "user", "content": "task BENCH"})
    return json.dumps({"model": "gpt-4o", "stream": True, "messages": messages})


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name, command, script, connections, seconds):
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = f"http://{server.stdout.readline().strip()}/v1/chat/completions"
        before, load = cpu_seconds(server.pid), os.getloadavg()[0]
        wrk = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script, url]
        said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(server.pid) - before
    finally:
        server.stdin.close()
        server.wait()
    count = int(re.search(r"(\d+) requests in", said)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    failed = re.search(r"Non-2xx.*: (\d+)|Socket errors: (.*)", said)
    row = {"server": name, "connections": connections, "per_s": round(rate), "cpu_us": round(used / count * 1e6, 1)}
    row |= {"load": round(load, 1)} | ({"failed": failed[0]} if failed else {})
    print(json.dumps(row), flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", required=True, help="the folder with `serve` and `floor`, built")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        answer = f"{folder}/frames.jsonl"
        with open(answer, "w") as file:
            file.writelines(json.dumps(frame) + "\n" for frame in frames())
        for size, mode in [("small", "frames"), ("large", "parse")]:
            body, script = f"{folder}/{size}.json", f"{folder}/{size}.lua"
            with open(body, "w") as file:
                file.write(request(size == "large"))
            with open(script, "w") as file:
                file.write(f'local file = io.open("{body}", "rb")\nwrk.body = file:read("*a")\n')
                file.write('wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n')
            serve = [f"{arguments.examples}/serve", body, answer, "instant", "0"]
            floor = [f"{arguments.examples}/floor", answer, mode, "0"]
            for connections in arguments.connections:
                best = {"retake": [], "floor": []}
                for _ in range(arguments.rounds):
                    for name, command in [("floor", floor), ("retake", serve)]:
                        row = measure(f"{name} {size}", command, script, connections, arguments.seconds)
                        best[name].append(row)
                rate = {name: max(row["per_s"] for row in rows) for name, rows in best.items()}
                cpu = {name: min(row["cpu_us"] for row in rows) for name, rows in best.items()}
                ratios.append({
                    "requests": size, "connections": connections,
                    "ratio": round(rate["retake"] / rate["floor"], 2),
                    "cpu_ratio": round(cpu["floor"] / cpu["retake"], 2),
                })
    for ratio in ratios:
        print(json.dumps(ratio))


if __name__ == "__main__":
    main()
