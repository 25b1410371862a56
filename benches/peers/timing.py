#!/usr/bin/env python3
"""How faithfully recorded gaps are served, by Retake and by aimock: the same answer, the same gaps, N streams at once.

    cargo build --release -p benches --example serve
    npm install --prefix PEERS @copilotkit/aimock
    benches/peers/timing.py --serve target/release/examples/serve --aimock PEERS/node_modules/.bin/llmock

One line of JSON for each server and number of streams: errors of single gaps and the drift of the last frame against
the recording, in milliseconds, as a client on a raw socket sees them; and the host's load, which decides much of it.
"""
import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import tempfile
import time

FIRST_MS = 100
PIECES = 45
REQUEST = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "task BENCH"}]}


def gaps_ms():
    """Gaps between the pieces of the answer, as a stream of tokens has them."""
    choose = random.Random(3)
    return [choose.choice([1, 2, 5, 12, 30]) for _ in range(PIECES - 1)]


def text():
    return "".join(f"piece {number:02d} of the text".ljust(20)[:20] for number in range(PIECES))


def chunk(delta, finish=None):
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": choices}


def start_retake(arguments, folder, gaps):
    said = text()
    frames = [{"gap_us": FIRST_MS * 1000, "data": chunk({"role": "assistant", "content": said[:20]})}]
    for number, gap in enumerate(gaps, 1):
        frames.append({"gap_us": gap * 1000, "data": chunk({"content": said[20 * number : 20 * number + 20]})})
    frames += [{"gap_us": 0, "data": chunk({}, "stop")}, {"gap_us": 0, "data": "[DONE]"}]
    request, answer = f"{folder}/request.json", f"{folder}/frames.jsonl"
    with open(request, "w") as file:
        json.dump(REQUEST, file)
    with open(answer, "w") as file:
        file.writelines(json.dumps(frame) + "\n" for frame in frames)
    command = [arguments.serve, request, answer, "1024", "recorded", "0"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return server, int(server.stdout.readline().rsplit(":", 1)[1])


def start_aimock(arguments, folder, gaps):
    timings = {"ttftMs": FIRST_MS, "interChunkDelaysMs": gaps, "totalDurationMs": FIRST_MS + sum(gaps)}
    fixture = {"match": {"userMessage": "BENCH"}, "response": {"content": text()}, "chunkSize": 20}
    with open(f"{folder}/aimock.json", "w") as file:
        json.dump({"fixtures": [{**fixture, "recordedTimings": timings}]}, file)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [arguments.aimock, "-p", str(port), "-f", f"{folder}/aimock.json", "--log-level", "silent"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        time.sleep(0.1)
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            pass
    return server, port


async def stream(port):
    """The times at which the pieces of one answer came, in milliseconds since the request."""
    body = json.dumps(REQUEST).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    head += b"authorization: Bearer x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    begun = time.perf_counter()
    writer.write(head + body)
    await writer.drain()
    came = []
    while line := await reader.readline():
        if line.startswith(b"data: ") and b'"content":"piece' in line.replace(b'": "', b'":"'):
            came.append((time.perf_counter() - begun) * 1e3)
    writer.close()
    assert len(came) == PIECES, f"{len(came)} pieces instead of {PIECES}"
    return came


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def figures(streams, gaps):
    first = [came[0] - FIRST_MS for came in streams]
    errors = [now - before - gap for came in streams for before, now, gap in zip(came, came[1:], gaps)]
    drift = [came[-1] - FIRST_MS - sum(gaps) for came in streams]
    return {
        "first_p50": round(quantile(first, 0.5), 2),
        "gap_p50": round(quantile(errors, 0.5), 3),
        "gap_abs_mean": round(statistics.mean(map(abs, errors)), 3),
        "gap_p99": round(quantile(errors, 0.99), 2),
        "end_drift_p50": round(quantile(drift, 0.5), 2),
        "end_drift_max": round(max(drift), 2),
    }


async def measure(name, port, arguments, gaps):
    for count in arguments.streams:
        for _ in range(arguments.rounds):
            load = os.getloadavg()[0]
            streams = await asyncio.gather(*[stream(port) for _ in range(count)])
            row = {"server": name, "streams": count, **figures(streams, gaps), "load": round(load, 1)}
            print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", help="the example `serve`, built")
    parser.add_argument("--aimock", help="the program llmock of @copilotkit/aimock")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    gaps = gaps_ms()
    servers = [("retake", arguments.serve, start_retake), ("aimock", arguments.aimock, start_aimock)]
    for name, program, start in servers:
        if not program:
            print(f"SKIPPED: {name} is not named", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            server, port = start(arguments, folder, gaps)
            try:
                asyncio.run(measure(name, port, arguments, gaps))
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
