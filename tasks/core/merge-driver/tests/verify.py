"""Copies ci/ of /app beside lists, inputs and tools of our own, runs it and compares what it says and leaves."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

OTHERS = {
    "toolchain/bin/lint": "b76c93ccdf8b8aac87b75d4f7348602af9561e4f5a7b944d8817ea9baff4bfd7",
    "toolchain/bin/pack": "65017c26c689cba3b869626dfec45870a5e9d325c8885e8744c9d6e956dbf29b",
    "toolchain/bin/unpack": "5a72116cbc743d59e6d8bafad44de368cc50c299f14a6469349bc7a237db8480",
    "toolchain/README.md": "c60b6f675eea6698e4f3ee67b1b3043d05309a265cae3afd45154bf34e91a2f3",
    "ci/steps.txt": "ef336f039fbc518e2b153c744edcbb8c51961d878d5c3cd809d9810e3f67511a",
}
bad = []


def must(what, found, want):
    if found != want:
        bad.append(f"{what}: wanted {want!r}, found {found!r}")


class Place:
    def __init__(self, title):
        self.title = title
        self.root = tempfile.mkdtemp()
        shutil.copytree("/app/ci", f"{self.root}/ci")
        os.makedirs(f"{self.root}/toolchain/bin")
        self.put("toolchain/bin/glue", '#!/bin/bash\necho glue "$@"\nfor last; do :; done\nmkdir -p "$(dirname "$last")"\ncat "${@:1:$#-1}" >"$last"\n')
        self.put("toolchain/bin/tac", "#!/bin/bash\necho our tac\n")
        for tool in ("glue", "tac"):
            os.chmod(f"{self.root}/toolchain/bin/{tool}", 0o755)

    def put(self, name, text):
        path = f"{self.root}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(f"{self.root}/{name}") as file:
                return file.read()
        except OSError:
            return None

    def run(self, what, want, code=0, lines=None, cwd=None):
        if lines is not None:
            self.put("list.txt", lines)
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "CI_CACHE": f"{self.root}/the cache"}
        words = ["bash", f"{self.root}/ci/run.sh", f"{self.root}/list.txt"]
        done = subprocess.run(words, cwd=cwd or self.root, env=env, input="not for steps\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        must(f"{self.title}, {what}", (done.stdout.replace(self.root, "ROOT"), done.returncode), (want, code))


def step(name, said="", end=None):
    return f"== {name}\n{said}{end or 'ok ' + name}\n"


DONE = "all steps passed\n"

for name, sum in OTHERS.items():
    with open(f"/app/{name}", "rb") as file:
        must(name, hashlib.sha256(file.read()).hexdigest(), sum)

at = Place("steps")
at.run("in order", step("a b", "one\n") + step("two", "err\n") + step("three", "our tac\n") + DONE, lines="# no step\n\n   \n a b | echo one | |\ntwo|echo err >&2||\n  three | tac | | ")
at.run("from elsewhere, in the root", step("where", "ROOT\n") + DONE, lines="where | pwd | |\n", cwd="/")
at.run("nothing to read", step("cat") + step("next", "here\n") + DONE, lines="cat | cat | |\nnext | echo here | |\n")
at.run("bars", step("pipe", "B\n") + step("or", "x|y\n") + DONE, lines="pipe | echo b | tr b B | |\nor | false || echo 'x|y' | |\n")
at.run("quotes and blanks", step("q", "a  b *\n") + DONE, lines="q | echo \"a  b *\" | |\n")
at.run("backslashes", step("b", "a\\tb\n") + DONE, lines="b | printf '%s\\n' 'a\\tb' | |\n")

at = Place("failures")
at.run("its code", step("good") + step("bad", "why\n", "FAILED bad (7)") + "failed: bad\n", 7, "good | true | |\nbad | echo why; exit 7 | |\nlater | echo later | |\n")
at.run("the last one", step("good") + step("bad", "", "FAILED bad (3)") + "failed: bad\n", 3, "good | true | |\nbad | (exit 3) | |")
at.run("the first of a pipe", step("pipe", "", "FAILED pipe (4)") + "failed: pipe\n", 4, "pipe | (exit 4) | cat | |\nlater | echo later | |\n")
at.run("no such command", step("none", "bash: line 1: no-such-tool: command not found\n", "FAILED none (127)") + "failed: none\n", 127, "none | no-such-tool | |\n")
at.put("in", "x")
at.put("list.txt", "none | true | in | build/none\nlater | echo later | |\n")
env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "CI_CACHE": f"{at.root}/the cache"}
out = subprocess.run(["bash", f"{at.root}/ci/run.sh", f"{at.root}/list.txt"], env=env, capture_output=True, text=True)
must("no output: code", out.returncode, 1)
must("no output: its end", out.stdout.splitlines()[-2:], ["FAILED none (1)", "failed: none"])
at.put("list.txt", "gone | echo run | src/nothing*.x |\nlater | echo later | |\n")
out = subprocess.run(["bash", f"{at.root}/ci/run.sh", f"{at.root}/list.txt"], env=env, capture_output=True, text=True)
must("a missing input: code", out.returncode, 2)
must("a missing input: its end", (out.stdout.splitlines()[-2:], "run" in out.stdout.split("\n")), (["FAILED gone (2)", "failed: gone"], False))

at = Place("cache")
at.put("src/a.x", "aa")
at.put("src/b.x", "bb")
at.put("src/deep/er/c", "cc")
at.put("src/long name.y", "ll")
LIST = 'glue | glue src/*.x src/deep/er/* "src/long name.y" out/all | src/*.x src/deep "src/long name.y" | out/all\nread | cat out/all; echo | out/all |\n'
SAID = "glue src/a.x src/b.x src/deep/er/c src/long name.y out/all\n"


def full(text):
    return step("glue", SAID) + step("read", text + "\n") + DONE


def cached(text):
    return step("glue", "", "cached glue") + step("read", text + "\n") + DONE


at.run("at first", full("aabbccll"), lines=LIST)
shutil.rmtree(f"{at.root}/out")
at.run("a second time", cached("aabbccll"))
at.put("out/all", "something else")
at.run("over another output", cached("aabbccll"))
for name in ("src/a.x", "src/deep/er/c"):
    os.utime(f"{at.root}/{name}", (1, 1))
at.run("times don't count", cached("aabbccll"))
before = os.stat(f"{at.root}/src/a.x")
at.put("src/a.x", "AA")
os.utime(f"{at.root}/src/a.x", ns=(before.st_atime_ns, before.st_mtime_ns))
at.run("same size and time", full("AAbbccll"))
at.put("src/deep/er/c", "CC")
at.run("below a folder", full("AAbbCCll"))
at.put("src/long name.y", "LL")
at.run("with a space", full("AAbbCCLL"))
at.put("src/a.x", "bb")
at.put("src/b.x", "AA")
at.run("two that change places", full("bbAACCLL"))
at.put("src/a.x", "bbA")
at.put("src/b.x", "A")
at.run("a byte that moves", full("bbAACCLL"))
at.put("src/a.x", "aa")
at.put("src/b.x", "bb")
at.put("src/deep/er/c", "cc")
at.put("src/long name.y", "ll")
at.run("back again", cached("aabbccll"))
at.run("another command", step("glue", "glue x\n" + SAID) + step("read", "aabbccll\n") + DONE, lines=LIST.replace("glue src/*.x", "echo glue x; glue src/*.x", 1))
os.rename(f"{at.root}/src/deep/er/c", f"{at.root}/src/deep/er/d")
at.run("another name", step("glue", SAID.replace("er/c", "er/d")) + step("read", "aabbccll\n") + DONE, lines=LIST)
entries = [entry for entry in os.listdir(f"{at.root}/the cache") if os.path.isfile(f"{at.root}/the cache/{entry}")]
kept = {open(f"{at.root}/the cache/{entry}").read() for entry in entries}
must("cache, nothing half in it", kept - {"aabbccll", "AAbbccll", "AAbbCCll", "AAbbCCLL", "bbAACCLL"}, set())

at = Place("cache of failures")
at.put("in", "1")
HALF = "half | echo half >out; exit 5 | in | out\n"
at.run("a step that fails", step("half", "", "FAILED half (5)") + "failed: half\n", 5, HALF)
at.run("isn't cached", step("half", "", "FAILED half (5)") + "failed: half\n", 5)
must("nothing in the cache", [name for name in os.listdir(f"{at.root}/the cache")], [])
at.run("no output: always run", step("free", "f\n") + DONE, lines="free | echo f | in |\n")
at.run("no output: always run again", step("free", "f\n") + DONE)
print("\n".join(bad))
sys.exit(bool(bad))
