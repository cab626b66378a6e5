"""Reading a chat request of the OpenAI wire, with the checks that the real ones make."""

from __future__ import annotations

from wallascli.simulator.js import JsonObject, arr, obj, strings, txt, whole
from wallascli.simulator.question import Call, Malformed, Media, Question, Tool, Turn, linked, media
from wallascli.simulator.routes import Target

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
MISTRAL_ID = 9


def read(target: Target, body: JsonObject, checked: bool) -> Question:
    """The question in a request body. Raises Malformed."""
    messages = [obj(message) for message in arr(body.get("messages"))]
    if not messages:
        raise Malformed("'messages' must be a non-empty array")
    if checked:
        _check(messages, target)
    names = {
        txt(obj(call).get("id")): txt(obj(obj(call).get("function")).get("name"))
        for message in messages
        for call in arr(message.get("tool_calls"))
    }
    form = obj(body.get("response_format"))
    effort = body.get("reasoning_effort") or obj(body.get("reasoning")).get("effort")
    return Question(
        turns=tuple(turn(message, names) for message in messages),
        stream=body.get("stream") is True,
        tools=tuple(_tool(obj(tool)) for tool in arr(body.get("tools"))),
        choice=_choice(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        json=form.get("type") in ("json_object", "json_schema"),
        schema=obj(form.get("json_schema")).get("schema"),
        limit=whole(body.get("max_completion_tokens")) or whole(body.get("max_tokens")),
        stops=strings(body.get("stop")),
        n=whole(body.get("n")) or 1,
        logprobs=(whole(body.get("top_logprobs")) or 0) if body.get("logprobs") is True else None,
        usage=obj(body.get("stream_options")).get("include_usage") is True,
        think=bool(effort) and effort != "none",
        # Mistral gives the prefix back, streamed too (vercel/ai#3256, October 2024).
        repeats=target.provider == "mistral" and messages[-1].get("prefix") is True,
    )


def turn(message: JsonObject, names: dict[str, str]) -> Turn:
    """One message of the OpenAI wire."""
    role = ROLES.get(txt(message.get("role")), "user")
    content = message.get("content")
    parts = [obj(part) for part in arr(content)]
    text = (
        content
        if isinstance(content, str)
        else "\n".join(txt(part.get("text")) for part in parts if part.get("type") == "text")
    )
    calls = tuple(
        Call(txt(function.get("name")), txt(function.get("arguments")), txt(obj(call).get("id")))
        for call in arr(message.get("tool_calls"))
        if (function := obj(obj(call).get("function")))
    )
    seen = tuple(item for part in parts if (item := _media(part)))
    name = names.get(txt(message.get("tool_call_id")), "") or txt(message.get("name"))
    return Turn(role, text, calls, seen, name if role == "tool" else "")


def _media(part: JsonObject) -> Media | None:
    match part.get("type"):
        case "image_url":
            image = part.get("image_url")
            return linked("image", txt(obj(image).get("url")) or txt(image))
        case "input_audio":
            return media("audio", txt(obj(part.get("input_audio")).get("data")))
        case "file":
            file = obj(part.get("file"))
            return linked("file", txt(file.get("file_data")) or f"id:{txt(file.get('file_id'))}")
        case _:
            return None


def _tool(tool: JsonObject) -> Tool:
    function = obj(tool.get("function"))
    return Tool(txt(function.get("name")), function.get("parameters"))


def _choice(choice: object) -> str:
    named = txt(obj(obj(choice).get("function")).get("name"))
    return named or {"any": "required", "": "auto"}.get(txt(choice), txt(choice))


def _check(messages: list[JsonObject], target: Target) -> None:
    """What every provider of this wire refuses. Raises Malformed."""
    if not target.model and target.provider != "azure":  # there the address names the model
        raise Malformed("you must provide a model parameter")
    last = messages[-1]
    if target.provider == "mistral" and last.get("role") == "assistant" and last.get("prefix") is not True:
        raise Malformed(
            "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
        )
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        role = txt(message.get("role"))
        if role not in ROLES:
            raise Malformed(f"messages[{index}].role: '{role}' is not one of {sorted(ROLES)}")
        if role == "tool":
            answered = txt(message.get("tool_call_id"))
            if answered not in open_calls:
                raise Malformed(f"messages[{index}]: 'tool' must follow a message with 'tool_calls' of that id")
            open_calls.remove(answered)
            continue
        if open_calls:
            raise Malformed(f"messages[{index}]: tool_call_ids without an answer: {', '.join(open_calls)}")
        open_calls = [txt(obj(call).get("id")) for call in arr(message.get("tool_calls"))]
        odd = [call for call in open_calls if len(call) != MISTRAL_ID or not call.isalnum()]
        if odd and target.provider == "mistral":
            raise Malformed(f"Tool call id was {odd[0]} but must be a-z, A-Z, 0-9, with a length of {MISTRAL_ID}.")
