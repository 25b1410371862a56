#!/usr/bin/env python3
"""How faithfully recorded gaps are served, by Retake and by aimock: the same answer, the same gaps, N streams at once.

    cargo build --release -p benches --examples
    npm install --prefix PEERS @copilotkit/aimock
    benches/peers/timing.py --serve target/release/examples/serve --aimock PEERS/node_modules/.bin/llmock

One line of JSON for each server and number of streams: errors of single gaps and the drift of the last frame against
the recording, in milliseconds, as a client on a raw socket sees them; how late the host wakes a program that only sleeps
(`sleep_p99`), which bounds what any server can do; and the host's load.
"""
import argparse
import json
import os
import random
import select
import socket
import statistics
import subprocess
import tempfile
import time

FIRST_MS = 100
PIECES = 45
REQUEST = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "task BENCH"}]}


def gaps_ms():
    """Gaps before the pieces of the answer, as a stream of tokens has them."""
    choose = random.Random(3)
    return [choose.choice([1, 2, 5, 12, 30]) for _ in range(PIECES)]


def text():
    return "".join(f"piece {number:02d} of the text".ljust(20)[:20] for number in range(PIECES))


def chunk(delta, finish=None):
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": choices}


def start_retake(arguments, folder, gaps):
    said = text()
    frames = [{"gap_us": FIRST_MS * 1000, "data": chunk({"role": "assistant", "content": ""})}]
    for number, gap in enumerate(gaps):
        frames.append({"gap_us": gap * 1000, "data": chunk({"content": said[20 * number : 20 * number + 20]})})
    frames += [{"gap_us": 0, "data": chunk({}, "stop")}, {"gap_us": 0, "data": "[DONE]"}]
    request, answer = f"{folder}/request.json", f"{folder}/frames.jsonl"
    with open(request, "w") as file:
        json.dump(REQUEST, file)
    with open(answer, "w") as file:
        file.writelines(json.dumps(frame) + "\n" for frame in frames)
    command = [arguments.serve, request, answer, "recorded", "0"]
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


def streams(port, count):
    """For each of so many answers the times at which its frames came, in milliseconds since the request. What came is
    looked at afterwards: a client that is busy would see its own delays."""
    body = json.dumps(REQUEST).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    head += b"authorization: Bearer x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    poll, open_now = select.epoll(), {}
    for number in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_now[connection.fileno()] = (number, connection)
        poll.register(connection, select.EPOLLIN)
    begun, came = [0.0] * count, [[] for _ in range(count)]
    for number, connection in open_now.values():
        begun[number] = time.perf_counter()
        connection.sendall(head + body)
    while open_now:
        for fileno, _ in poll.poll():
            number, connection = open_now[fileno]
            piece = connection.recv(65536)
            came[number].append((time.perf_counter(), piece))
            if not piece:
                poll.unregister(fileno)
                connection.close()
                del open_now[fileno]
    return [frames_at(came[number], begun[number]) for number in range(count)]


def frames_at(came, begun):
    """The times of the frames in pieces that came with their times. The role, the pieces, the end and [DONE] are
    frames; the last two come with no gap of their own."""
    times, rest = [], b""
    for moment, piece in came:
        rest += piece
        *lines, rest = rest.split(b"\n")
        times += [(moment - begun) * 1e3 for line in lines if line.startswith(b"data: ")]
    assert len(times) == PIECES + 3, f"{len(times)} frames instead of {PIECES + 3}"
    return times[: PIECES + 1]


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def figures(answers, gaps):
    first = [came[0] - FIRST_MS for came in answers]
    errors = [now - before - gap for came in answers for before, now, gap in zip(came, came[1:], gaps)]
    drift = [came[-1] - FIRST_MS - sum(gaps) for came in answers]
    return {
        "first_p50": round(quantile(first, 0.5), 2),
        "gap_p50": round(quantile(errors, 0.5), 3),
        "gap_abs_mean": round(statistics.mean(map(abs, errors)), 3),
        "gap_p99": round(quantile(errors, 0.99), 2),
        "end_drift_p50": round(quantile(drift, 0.5), 2),
        "end_drift_max": round(max(drift), 2),
    }


def host_error(gaps):
    """How late this host wakes a program that only sleeps: no server can be better. The p99 of the same gaps."""
    errors, due = [], time.perf_counter()
    for gap in gaps * 2:
        due += gap / 1e3
        time.sleep(max(0.0, due - time.perf_counter()))
        errors.append((time.perf_counter() - due) * 1e3)
    return round(quantile(errors, 0.99), 2)


def measure(name, port, arguments, gaps):
    for count in arguments.streams:
        for _ in range(arguments.rounds):
            load, host = os.getloadavg()[0], host_error(gaps)
            row = {"server": name, "streams": count, **figures(streams(port, count), gaps)}
            print(json.dumps(row | {"sleep_p99": host, "load": round(load, 1)}), flush=True)


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
                measure(name, port, arguments, gaps)
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
