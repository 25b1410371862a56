"""A model of the ring and of the program in Python, and what the compiled ones of /app say to the same input."""

import random
import subprocess
import sys
import tempfile

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
bad = []


class Ring:
    def __init__(self, size):
        self.size, self.messages, self.dropped = size, [], 0

    def put(self, message):
        if len(message) > 65535 or len(message) + 2 > self.size:
            return -3
        self.messages.append(message)
        while sum(len(each) + 2 for each in self.messages) > self.size:
            self.messages.pop(0)
            self.dropped += 1
        return 0

    def get(self, room):
        if not self.messages:
            return -1, b""
        if len(self.messages[0]) > room:
            return -2, b""
        message = self.messages.pop(0)
        return len(message), message


def compiled(place, name, *sources):
    command = ["cc", "-O1", "-w", "-I/app/include", "-o", f"{place}/{name}", *sources]
    done = subprocess.run(command, env=ENV, cwd=place, capture_output=True, text=True, timeout=100)
    if done.returncode:
        bad.append(f"{name} doesn't compile: {done.stderr[:400]}")
    return not done.returncode


def driver(place):
    rng = random.Random(11)
    commands, want, titles = [], [], []

    def do(title, command, answer):
        commands.append(command)
        want.append(answer)
        titles.append(title)

    def play(title, size, moves):
        ring = Ring(size)
        do(title, f"n {size}", "new")
        for move in moves:
            if isinstance(move, bytes):
                code = ring.put(move)
                do(title, f"p {len(move)} {move.hex()}", f"put {code} count {len(ring.messages)} dropped {ring.dropped}")
            else:
                code, message = ring.get(move)
                do(title, f"g {move}", f"get {code} {message.hex()} count {len(ring.messages)}")

    play("exactly full", 12, [b"abcd", b"efgh", b"x", 4, 4, 4])
    play("one message fills it", 6, [b"abcd", b"wxyz", 4, b"abcde", 3])
    play("refused and nothing changes", 10, [b"ab", b"c", b"123456789", 2, 1, 0])
    play("room for exactly the message", 20, [b"abc", 2, 3, b"", 0, 0])
    for size in range(2, 14):
        play(f"every position of {size}", size, [bytes([size, n % 7])[: n % 3] for n in range(3 * size)] + [9] * 3)
    for length in (127, 128, 129, 200, 255, 256, 257, 384, 511):
        play(f"length {length}", 2 * length + 4, [bytes(range(256)) * 2][:0] + [bytes((7 * n) % 256 for n in range(length))] * 5 + [length] * 3)
    for length in (32767, 32768, 65533, 65534, 65535, 65536, 65537):
        play(f"length {length}", 140000, [b"\xff" * length, b"small", b"\x80" * length, 65537, 65537, 65537])
    play("a long one in a small ring", 16, [b"ab", b"c" * 65534, b"d" * 65535, b"e" * 65536, 2, 2])
    for turn in range(60):
        size = rng.randrange(2, 40)
        play(f"random {turn}", size, [rng.randrange(0, 9) if rng.random() < 0.3 else bytes(rng.randrange(256) for _ in range(rng.randrange(0, max(2, size // 2)))) for _ in range(60)])
    done = subprocess.run([f"{place}/driver"], input="\n".join(commands) + "\n", env=ENV, cwd=place, capture_output=True, text=True, timeout=100)
    found = done.stdout.split("\n")
    for number, (title, answer) in enumerate(zip(titles + ["the end"], want + ["end"])):
        if number >= len(found) or found[number] != answer:
            bad.append(f"{title}: {commands[number][:60] if number < len(commands) else ''}: wanted {answer[:80]!r}, found {(found[number] if number < len(found) else 'nothing')[:80]!r}")
            break


def program(place):
    def run(title, words, text, want):
        done = subprocess.run([f"{place}/blackbox", *words], input=text, env=ENV, cwd=place, capture_output=True, timeout=60)
        found = (done.returncode, done.stdout, done.stderr)
        if want is None:
            if found[0] != 2 or found[1] or not found[2]:
                bad.append(f"{title}: {found!r}")
        elif found != want:
            bad.append(f"{title}: wanted {str(want)[:150]}, found {str(found)[:150]}")

    def keep(title, size, text):
        ring, refused = Ring(size), 0
        lines = text.split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        for line in lines:
            refused += ring.put(line) != 0
        said = (f"dropped {ring.dropped}\n" if ring.dropped else "") + (f"refused {refused}\n" if refused else "")
        run(title, [str(size)], text, (0, b"".join(line + b"\n" for line in ring.messages), said.encode()))

    keep("lines", 12, b"abcd\nefgh\n")
    keep("no newline at the end", 12, b"abcd\nef\nlast")
    keep("empty lines", 9, b"\n\na\n\n")
    keep("nothing", 3, b"")
    keep("bytes of any value", 100, b"a\0b\n\xff\xfe\n\r\n\0\n")
    for length in (126, 127, 128, 254, 255, 256, 257, 300, 511, 4095, 4096, 4097, 65534, 65535, 65536, 70000):
        keep(f"lines of {length}", 200000, b"before\n" + b"\x81" * length + b"\nafter\n")
    keep("the largest", 1048576, b"x" * 60000 + b"\n" + b"y\n" * 9)
    keep("too long for it", 20, b"a\n" + b"b" * 19 + b"\n" + b"c" * 18 + b"\n" + b"d" * 300 + b"\n")
    keep("the smallest", 3, b"a\nbc\n\n")
    for size in ("0", "2", "-5", "", "12x", "1048577", "lots", "99999999999999999999", "4294967306"):
        run(f"size {size!r}", [size], b"a\n", None)
    run("no size", [], b"a\n", None)


with tempfile.TemporaryDirectory() as place:
    if compiled(place, "driver", "/tests/driver.c", "/app/src/ring.c"):
        driver(place)
    if compiled(place, "blackbox", "/app/src/main.c", "/app/src/ring.c"):
        program(place)
print("\n".join(bad))
sys.exit(bool(bad))
