"""How often a plan and a closure read cues and compare names, for made-up shows of three sizes."""

import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from stagehand import closure, plan  # noqa: E402
from stagehand.order import natural  # noqa: E402


class Counted:
    def __init__(self, cues):
        self.cues, self.reads, self.compares = cues, 0, 0

    def names(self):
        return list(self.cues)

    def has(self, name):
        return name in self.cues

    def needs(self, name):
        self.reads += 1
        if self.reads > 200000:
            raise SystemExit("more than 200000 reads: given up")
        return self.cues[name]

    def compare(self, a, b):
        self.compares += 1
        return natural(a, b)


bad = False
for size in (10, 60, 240):
    show = Counted({f"cue {n * 7 % size}": [f"cue {m * 7 % size}" for m in range(max(0, n - 3), n - n % 2)] for n in range(size)})
    most = int(2 * size * (math.log2(size) + 1))
    plan(show, show.compare)
    print(f"plan of {size}: {show.reads} reads (at most {size}), {show.compares} comparisons (at most {most})")
    bad = bad or show.reads > size or show.compares > most
for size in (10, 60):
    ladder = Counted({f"{side}{n}": [f"a{n - 1}", f"b{n - 1}"] if n else [] for n in range(size // 2) for side in "ab"})
    closure(ladder, f"a{size // 2 - 1}")
    print(f"closure of {size}: {ladder.reads} reads (at most {size})")
    bad = bad or ladder.reads > size
sys.exit(bad)
