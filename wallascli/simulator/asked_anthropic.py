"""Reading a Messages request, with the checks that Anthropic makes."""

from __future__ import annotations

from wallascli.simulator.js import JsonObject, arr, compact, obj, strings, txt, whole
from wallascli.simulator.question import Call, Malformed, Media, Question, Tool, Turn, media
from wallascli.simulator.routes import Target


def read(target: Target, body: JsonObject, checked: bool) -> Question:
    """The question in a request body. Raises Malformed."""
    messages = [obj(message) for message in arr(body.get("messages"))]
    if checked:
        _check(body, messages)
    names = {
        txt(block.get("id")): txt(block.get("name"))
        for message in messages
        for block in _blocks(message)
        if block.get("type") == "tool_use"
    }
    system = _text(body.get("system"))
    choice = obj(body.get("tool_choice"))
    form = obj(obj(body.get("output_config")).get("format")) or obj(body.get("output_format"))
    turns = [turn for message in messages for turn in _turns(message, names)]
    return Question(
        turns=(*((Turn("system", system),) if system else ()), *turns),
        stream=body.get("stream") is True,
        tools=tuple(
            Tool(txt(tool.get("name")), tool.get("input_schema"))
            for tool in map(obj, arr(body.get("tools")))
            if "input_schema" in tool
        ),
        choice=txt(choice.get("name")) or {"any": "required", "none": "none"}.get(txt(choice.get("type")), "auto"),
        parallel=choice.get("disable_parallel_tool_use") is not True,
        json=form.get("type") == "json_schema",
        schema=form.get("schema"),
        limit=whole(body.get("max_tokens")),
        stops=strings(body.get("stop_sequences")),
        think=obj(body.get("thinking")).get("type") in ("enabled", "adaptive"),
    )


def _blocks(message: JsonObject) -> list[JsonObject]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else [obj(b) for b in arr(content)]


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(txt(obj(block).get("text")) for block in arr(content) if obj(block).get("type") == "text")


def _turns(message: JsonObject, names: dict[str, str]) -> list[Turn]:
    """One message as turns: each tool result is one of its own."""
    blocks = _blocks(message)
    results = [
        Turn(
            "tool",
            _text(block.get("content")),
            media=_seen(arr(block.get("content"))),
            name=names.get(txt(block.get("tool_use_id")), ""),
        )
        for block in blocks
        if block.get("type") == "tool_result"
    ]
    calls = tuple(
        Call(txt(block.get("name")), compact(obj(block.get("input"))), txt(block.get("id")))
        for block in blocks
        if block.get("type") == "tool_use"
    )
    text, seen = _text(blocks), _seen(list(blocks))
    if results and not (text or calls or seen):
        return results
    return [*results, Turn(txt(message.get("role")) or "user", text, calls, seen)]


def _seen(blocks: list[object]) -> tuple[Media, ...]:
    kinds = {"image": "image", "document": "file"}
    found = [(kinds[txt(block.get("type"))], block) for block in map(obj, blocks) if block.get("type") in kinds]
    return tuple(_media(kind, obj(block.get("source"))) for kind, block in found)


def _media(kind: str, source: JsonObject) -> Media:
    match source.get("type"):
        case "base64":
            return media(kind, txt(source.get("data")))
        case "url":
            return Media(kind, url=txt(source.get("url")))
        case "text":
            return Media(kind, len(txt(source.get("data")).encode()), "text")
        case _:
            return Media(kind, url=f"id:{txt(source.get('file_id'))}")


def _check(body: JsonObject, messages: list[JsonObject]) -> None:
    """What Anthropic refuses. Raises Malformed."""
    limit = whole(body.get("max_tokens"))
    if limit is None:
        raise Malformed("max_tokens: Field required")
    if limit < 1:
        raise Malformed("max_tokens: must be greater than or equal to 1")
    if not messages:
        raise Malformed("messages: at least one message is required")
    if (whole(obj(body.get("thinking")).get("budget_tokens")) or 0) >= limit:
        raise Malformed("`max_tokens` must be greater than `thinking.budget_tokens`.")
    waiting: set[str] = set()
    for index, message in enumerate(messages):
        waiting = _check_message(index, message, waiting)
    last = messages[-1]
    if last.get("role") == "assistant" and _text(_blocks(last)) != _text(_blocks(last)).rstrip():
        raise Malformed("messages: final assistant content cannot end with trailing whitespace")


def _check_message(index: int, message: JsonObject, waiting: set[str]) -> set[str]:
    blocks = _blocks(message)
    if txt(message.get("role")) not in ("user", "assistant", "system"):
        raise Malformed(f'messages.{index}.role: Input should be "user" or "assistant"')
    if any(block.get("type") == "text" and not txt(block.get("text")) for block in blocks):
        raise Malformed("messages: text content blocks must be non-empty")
    answered = {txt(block.get("tool_use_id")) for block in blocks if block.get("type") == "tool_result"}
    if waiting - answered:
        raise Malformed(
            f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(sorted(waiting - answered))}."
        )
    if answered - waiting:
        raise Malformed(
            f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{', '.join(sorted(answered - waiting))}."
        )
    return {txt(block.get("id")) for block in blocks if block.get("type") == "tool_use"}
