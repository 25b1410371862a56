"""A client over HTTP with a tool loop of three requests. `record` asks them as they are; `mutate` asks the first two, then
the third one changed in one way, for each way. Prints what each request got as one JSON object."""

import copy
import json
import sys
import urllib.error
import urllib.request

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}},
        },
    }
    for name, description in (("shell", "run a command"), ("read_file", "read a file"))
]


def turn(call, command, output):
    function = {"name": "shell", "arguments": json.dumps({"cmd": command})}
    return [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": call, "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": call, "content": output},
    ]


def request(turns, calls=("call_a", "call_b")):
    messages = [
        {"role": "system", "content": "You are a coding agent. Be terse."},
        {"role": "user", "content": "Fix the failing test in src/a.rs"},
    ]
    if turns >= 1:
        messages += turn(calls[0], "ls src", "a.rs\nb.rs")
    if turns >= 2:
        messages += turn(calls[1], "cat src/a.rs", "fn a() -> u32 { 1 }")
    return {"model": "gpt-4o", "stream": True, "temperature": 0, "tools": copy.deepcopy(TOOLS), "messages": messages}


def changes():
    """The third request, once for each way to change it."""

    def change(name, edit):
        body = request(2)
        edit(body)
        return name, body

    def content(body, number, text):
        body["messages"][number]["content"] = text

    def schema(body):
        body["tools"][0]["function"]["parameters"]["properties"]["cwd"] = {"type": "string"}

    def arguments(body):
        call = body["messages"][4]["tool_calls"][0]["function"]
        call["arguments"] = json.dumps({"cmd": "rm -rf src"})

    def append(body, number, text):
        body["messages"][number]["content"] += text

    def key_order(body):
        body["tools"] = [{"function": tool["function"], "type": tool["type"]} for tool in body["tools"]]

    def drop(body):
        del body["messages"][2:4]

    yield change("system prompt edited", lambda b: content(b, 0, "You are a coding agent. Be verbose."))
    yield change("timestamp in system prompt", lambda b: append(b, 0, " Now: 2026-11-22T08:00:01Z"))
    yield change("tool schema changed", schema)
    yield change("tools reordered", lambda b: b["tools"].reverse())
    yield change("last tool result changed", lambda b: content(b, -1, "fn a() -> u32 { 2 }"))
    yield change("earlier tool result changed", lambda b: content(b, 3, "a.rs"))
    yield change("assistant tool arguments changed", arguments)
    yield change("temperature changed", lambda b: b.update(temperature=1))
    yield change("user message extended", lambda b: append(b, 1, " and do not touch b.rs"))
    yield change("user message shortened", lambda b: content(b, 1, "Fix the failing test"))
    yield change("one turn dropped from history", drop)
    yield change("JSON key order only", key_order)
    yield "new tool-call ids only", request(2, ("call_x1", "call_y2"))


def post(port, body):
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    data = json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]["message"]


def main():
    port, what = sys.argv[1], sys.argv[2]
    got = {}
    if what == "record":
        for turns in range(3):
            got[str(turns)] = post(port, request(turns))
    else:
        for name, body in changes():
            for turns in range(2):
                status, text = post(port, request(turns))
                assert status == 200, text
            got[name] = post(port, body)
    print(json.dumps(got))


main()
