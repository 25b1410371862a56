"""The vendors' own clients against a gateway: what they understand of its answers. Arguments: client, base URL."""

import json
import sys

HI = [{"role": "user", "content": "hi"}]
PARAMETERS = {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"]}


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: {got!r} instead of {expected!r}")


def errors(module, ask):
    """Each status is the error that the client has for it, and its message arrives."""
    expected = {
        400: module.BadRequestError,
        422: module.UnprocessableEntityError,
        429: module.RateLimitError,
        500: module.InternalServerError,
        529: module.InternalServerError,
    }
    for status, kind in expected.items():
        try:
            ask(f"error-{status}")
        except module.APIStatusError as error:
            same("status", error.status_code, status)
            same("kind", isinstance(error, kind), True)
            same("message", "as the test asked" in str(error), True)
        else:
            sys.exit(f"no error for {status}")


def responses(url):
    import openai

    client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
    tool = {"type": "function", "name": "run", "parameters": PARAMETERS, "strict": False}

    def ask(items, **more):
        return client.responses.create(model="stub", input=items, tools=[tool], **more)

    first = ask(HI)
    call = [item for item in first.output if item.type == "function_call"][0]
    same("call", (call.name, json.loads(call.arguments)), ("run", {"cmd": "ls"}))
    same("text", first.output_text, "I look.")
    items = HI + [item.model_dump(exclude_none=True) for item in first.output]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "a.txt"})
    text, last = "", None
    for event in ask(items, stream=True):
        text += event.delta if event.type == "response.output_text.delta" else ""
        last = event
    same("stream", (text, last.type), ("Done: é.", "response.completed"))
    same("usage", last.response.usage.output_tokens > 0, True)
    with client.responses.stream(model="stub", input=HI + HI, tools=[tool]) as stream:
        final = stream.get_final_response()
    calls = [item.name for item in final.output if item.type == "function_call"]
    same("stream helper", (final.output_text, calls), ("I look.", ["run"]))
    errors(openai, lambda model: client.responses.create(model=model, input="hi"))
    retried(openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=2).responses.create, input="hi")
    same("models", [model.id for model in client.models.list()], ["stub"])


def chat(url):
    import openai

    client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
    tool = {"type": "function", "function": {"name": "run", "parameters": PARAMETERS}}

    def ask(messages, **more):
        return client.chat.completions.create(model="stub", messages=messages, tools=[tool], **more)

    message = ask(HI).choices[0].message
    call = message.tool_calls[0]
    same("call", (call.function.name, json.loads(call.function.arguments)), ("run", {"cmd": "ls"}))
    messages = HI + [message.model_dump(exclude_none=True)]
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "a.txt"})
    text, usage, reason = "", None, None
    for chunk in ask(messages, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
    same("stream", (text, reason, usage.completion_tokens > 0), ("Done: é.", "stop", True))
    chunks = [choice.delta for chunk in ask(HI + HI, stream=True) for choice in chunk.choices]
    parts = [part.function for delta in chunks for part in delta.tool_calls or []]
    same("streamed call", json.loads("".join(part.arguments or "" for part in parts)), {"cmd": "ls"})
    errors(openai, lambda model: client.chat.completions.create(model=model, messages=HI))
    more = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=2)
    retried(more.chat.completions.create, messages=HI)


def messages(url):
    import anthropic

    client = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)
    tool = {"name": "run", "input_schema": PARAMETERS}

    def arguments(items):
        return {"model": "stub", "max_tokens": 100, "messages": items, "tools": [tool]}

    first = client.messages.create(**arguments(HI))
    call = [block for block in first.content if block.type == "tool_use"][0]
    same("call", (call.name, call.input, first.stop_reason), ("run", {"cmd": "ls"}, "tool_use"))
    items = HI + [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]}]
    output = {"type": "tool_result", "tool_use_id": call.id, "content": "a.txt"}
    items.append({"role": "user", "content": [output]})
    with client.messages.stream(**arguments(items)) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    same("stream", (text, final.stop_reason, final.usage.output_tokens > 0), ("Done: é.", "end_turn", True))
    with client.messages.stream(**arguments(HI + [{"role": "assistant", "content": "x"}] + HI)) as stream:
        calls = [block for block in stream.get_final_message().content if block.type == "tool_use"]
    same("streamed call", [(call.name, call.input) for call in calls], [("run", {"cmd": "ls"})])
    ask = {"max_tokens": 100, "messages": HI}
    errors(anthropic, lambda model: client.messages.create(model=model, **ask))
    retried(anthropic.Anthropic(base_url=url, api_key="none", max_retries=2).messages.create, **ask)
    same("models", [model.id for model in client.models.list()], ["stub"])
    count = client.messages.count_tokens(model="stub", messages=HI)
    same("tokens", count.input_tokens > 0, True)


def retried(create, **ask):
    """Limited once, the client waits as long as it is asked to and then has its answer; a final error is one request."""
    create(model="once-429", **ask)
    try:
        create(model="exhausted", **ask)
    except Exception as error:
        same("message", "the script has no turn left" in str(error), True)
    else:
        sys.exit("no error where the script has no turn left")


{"responses": responses, "chat_completions": chat, "messages": messages}[sys.argv[1]](sys.argv[2])
