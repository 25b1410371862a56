"""A small agent for tests, of the kind that knows nothing of Retake: it honours OPENAI_BASE_URL, sends AGENTS.md as its
system prompt, runs what the model asks for, and says the model's last word. `--stop N`: leaves after N answers.
`--orphan`: sends a tool's output that nobody asked for."""

import json
import os
import subprocess
import sys
import urllib.request

base = os.environ["OPENAI_BASE_URL"]
stop = int(sys.argv[sys.argv.index("--stop") + 1]) if "--stop" in sys.argv else 0
with open("AGENTS.md") as rules:
    messages = [{"role": "system", "content": rules.read()}, {"role": "user", "content": sys.argv[1]}]
if "--orphan" in sys.argv:
    messages.append({"role": "tool", "tool_call_id": "call_nobody", "content": "found on the road"})
answers = 0
while True:
    body = json.dumps({"model": "stub", "messages": messages}).encode()
    request = urllib.request.Request(base + "/chat/completions", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        message = json.load(reply)["choices"][0]["message"]
    answers += 1
    messages.append(message)
    calls = message.get("tool_calls") or []
    if not calls:
        print(message["content"])
        break
    if answers == stop:
        break
    for call in calls:
        command = json.loads(call["function"]["arguments"])["cmd"]
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        output = {"role": "tool", "tool_call_id": call["id"], "content": done.stdout + done.stderr}
        messages.append(output)
