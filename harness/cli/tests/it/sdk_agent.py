"""A small agent on the vendors' own clients, for tests. Arguments: protocol, model, and `stream` or `whole`. It reads the
instruction from standard input, runs what the model asks for with its one tool, `run`, and says the model's last word. A
refusal that its client does not try again ends it with the error's name."""

import json
import subprocess
import sys

PROTOCOL, MODEL, STREAMS = sys.argv[1], sys.argv[2], sys.argv[3] == "stream"
RULES = "You work in this folder. Use the tool `run`."
PARAMETERS = {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"]}


def run(arguments):
    words = ["bash", "-c", arguments["cmd"]]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def responses(instruction):
    client = __import__("openai").OpenAI()
    items = [{"role": "user", "content": instruction}]
    tools = [{"type": "function", "name": "run", "parameters": PARAMETERS, "strict": False}]
    ask = {"model": MODEL, "instructions": RULES, "tools": tools, "store": False}
    while True:
        if STREAMS:
            with client.responses.stream(input=items, **ask) as stream:
                answer = stream.get_final_response()
        else:
            answer = client.responses.create(input=items, **ask)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return answer.output_text
        for call in calls:
            items.append({key: getattr(call, key) for key in ("type", "call_id", "name", "arguments")})
        for call in calls:
            output = run(json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": output})


def chat_completions(instruction):
    client = __import__("openai").OpenAI()
    messages = [{"role": "system", "content": RULES}, {"role": "user", "content": instruction}]
    tools = [{"type": "function", "function": {"name": "run", "parameters": PARAMETERS}}]
    while True:
        ask = {"model": MODEL, "messages": messages, "tools": tools}
        if STREAMS:
            with client.chat.completions.stream(stream_options={"include_usage": True}, **ask) as stream:
                answer = stream.get_final_completion()
        else:
            answer = client.chat.completions.create(**ask)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content
        calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls]
        said = [{"id": id, "type": "function", "function": {"name": name, "arguments": text}} for id, name, text in calls]
        messages.append({"role": "assistant", "content": message.content, "tool_calls": said})
        for id, _, text in calls:
            messages.append({"role": "tool", "tool_call_id": id, "content": run(json.loads(text))})


def messages(instruction):
    client = __import__("anthropic").Anthropic()
    history = [{"role": "user", "content": instruction}]
    tools = [{"name": "run", "input_schema": PARAMETERS}]
    while True:
        ask = {"model": MODEL, "max_tokens": 4096, "system": RULES, "messages": history, "tools": tools}
        if STREAMS:
            with client.messages.stream(**ask) as stream:
                answer = stream.get_final_message()
        else:
            answer = client.messages.create(**ask)
        calls = [block for block in answer.content if block.type == "tool_use"]
        if not calls:
            return "".join(block.text for block in answer.content if block.type == "text")
        said = [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input} for call in calls]
        history.append({"role": "assistant", "content": said})
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": run(call.input)} for call in calls]
        history.append({"role": "user", "content": results})


try:
    print({"responses": responses, "chat_completions": chat_completions, "messages": messages}[PROTOCOL](sys.stdin.read()))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
