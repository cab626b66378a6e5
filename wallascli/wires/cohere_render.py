"""Writing a request for Cohere's ``/v2/chat``.

What Cohere has no word for is named as the caller knows it: OpenAI's names. Facts: cohere 7.3.1 (SDK) of 2026-11,
Cohere's page on structured outputs, and requests that were answered with 200, named below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Reasoning,
    Refusal,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from wallascli.wires.base import Quirks

NAME = "cohere"

_MOST_STOPS = 5
_SAME = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "logprobs": "logprobs",
}
# What is outside is a 400; the nearest value is sent, and the field reported. OpenAI's clients send top_p 1.
_RANGES = {"p": (0.01, 0.99), "k": (0, 500), "frequency_penalty": (0.0, 1.0), "presence_penalty": (0.0, 1.0)}
_NO_WORD = "n min_p repetition_penalty top_logprobs logit_bias user parallel_tool_calls".split()
# Cohere's own fields, which callers of other dialects pass beside theirs.
_OWN = frozenset({"documents", "citation_options", "safety_mode", "priority", "strict_tools"})
_ROLES = {Role.SYSTEM: "system", Role.DEVELOPER: "system", Role.USER: "user", Role.TOOL: "user"}
_CALLED = {theirs: ours for ours, theirs in _SAME.items()} | {"stop_sequences": "stop", "thinking": "reasoning"}


def render(
    request: ChatRequest, model: str, *, stream: bool, quirks: Quirks
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body, and the names of what had to be dropped."""
    dropped: list[str] = []
    if request.origin is not None and request.origin.wire == NAME:
        body = {key: value for key, value in request.origin.body.items() if value is not None and key != "models"}
    else:
        body = _from_words(request, dropped)
    body |= {"model": model, "stream": stream}
    for old, new in quirks.renames.items():
        if old in body:
            body.setdefault(new, body.pop(old))
    for field in quirks.drops & body.keys():
        del body[field]
        dropped.append(_CALLED.get(field, field))
    if quirks.adjust is not None:
        dropped += quirks.adjust(body)
    return body, tuple(dict.fromkeys(dropped))


def unsayable(message: Message) -> Iterator[str]:
    """Pictures from the user are all there is beside text."""
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield from (f"{m.kind} in a tool result" for m in part.parts if isinstance(m, Media))
        elif isinstance(part, Media) and message.role is not Role.USER:
            yield f"{part.kind} in a message of the {message.role.value}"
        elif isinstance(part, Media) and not _is_picture(part):
            yield f"{part.kind} by file_id" if part.file_id else part.kind


def _from_words(request: ChatRequest, dropped: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": [m for message in request.messages for m in _messages(message, dropped)]}
    body |= {key: value for key, value in request.extra.items() if key in _OWN}
    body |= _numbers(request, dropped)
    if request.stop:
        body["stop_sequences"] = list(request.stop[:_MOST_STOPS])
        dropped += ["stop"] if len(request.stop) > _MOST_STOPS else []
    _tools(body, request, dropped)
    wish = request.response_format
    if wish is not None and wish.kind != "text":
        body["response_format"] = {"type": "json_object"}
        if wish.schema is not None:
            body["response_format"]["json_schema"] = wish.schema
    if request.reasoning:
        _think(body, request.reasoning, dropped)
    dropped += [name for name in _NO_WORD if getattr(request, name) not in (None, "")]
    dropped += [name for name in request.extra if name not in _OWN]
    return body


def _numbers(request: ChatRequest, dropped: list[str]) -> dict[str, Any]:
    said = {}
    for ours, theirs in _SAME.items():
        value = getattr(request, ours)
        if value is None:
            continue
        least, most = _RANGES.get(theirs, (value, value))
        said[theirs] = min(max(value, least), most)
        if said[theirs] != value:
            dropped.append(ours)
    return said


def _tools(body: dict[str, Any], request: ChatRequest, dropped: list[str]) -> None:
    """Naming a function is unknown here: only that one is offered, and one must be used."""
    choice, tools = request.tool_choice, request.tools
    if choice is not None and choice.mode == "named":
        tools = tuple(tool for tool in tools if tool.name == choice.name)
    if tools:
        body["tools"] = [_tool(tool.name, tool.description, tool.parameters) for tool in tools]
        # Tools without a required parameter are refused in strict mode (Cohere's page on structured outputs).
        if all(tool.strict and (tool.parameters or {}).get("required") for tool in tools):
            body["strict_tools"] = True
        elif any(tool.strict for tool in tools):
            dropped.append("tools[].strict")
    if choice is None or (tools and choice.mode == "auto"):
        return
    if tools and choice.mode in ("none", "required", "named"):
        body["tool_choice"] = "NONE" if choice.mode == "none" else "REQUIRED"
    else:
        dropped.append("tool_choice")


def _tool(name: str, description: str, parameters: Any) -> dict[str, Any]:
    """``parameters`` must be there (cohere/chat-tools-command-a-03-2025-ruby-llm-efa14f: an empty object)."""
    schema = parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def _think(body: dict[str, Any], wish: Reasoning, dropped: list[str]) -> None:
    """Thinking is on or off, with a budget; shown it is always."""
    if wish.effort == "none" or wish.budget == 0:
        body["thinking"] = {"type": "disabled"}
    elif wish.effort or wish.budget is not None or wish.show:
        body["thinking"] = {"type": "enabled"}
        if wish.budget is not None and wish.budget > 0:
            body["thinking"]["token_budget"] = wish.budget
        elif wish.effort not in ("", "high"):
            dropped.append("reasoning_effort")
    if wish.show is False:
        dropped.append("reasoning.exclude")


def _messages(message: Message, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """One of our messages is one of Cohere's, but for tool results: each is a message of its own there."""
    if message.name:
        dropped.append("messages[].name")
    if any(unsayable(message)):
        dropped.append("messages[].content")
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for result in results:
        if result.is_error:
            dropped.append("messages[].is_error")
        yield {"role": "tool", "tool_call_id": result.call_id, "content": result.text}
    if message.role is Role.ASSISTANT:
        yield from _assistant(message, dropped)
    elif len(results) < len(message.parts) or not results:
        yield {"role": _ROLES[message.role], "content": _content(message)}


def _assistant(message: Message, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """What was thought before a call is its ``tool_plan`` (cohere/pdf-command-r-langchain-cohere-ed4501).

    Elsewhere thoughts are left out: models that do not reason refuse thinking in a message.
    """
    text = "".join(part.text for part in message.parts if isinstance(part, Text | Refusal))
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    thoughts = [part for part in message.parts if isinstance(part, Thought)]
    plan = "".join(thought.text for thought in thoughts if not thought.redacted)
    written: dict[str, Any] = {"role": "assistant"}
    if text:
        written["content"] = text
    if calls:
        written["tool_calls"] = [_call(call) for call in calls]
        if plan:
            written["tool_plan"] = plan
    if thoughts and not (calls and plan):
        dropped.append("messages[].reasoning")
    if text or calls:
        yield written


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _content(message: Message) -> str | list[dict[str, Any]]:
    parts = [part for part in message.parts if isinstance(part, Text) or _is_picture(part)]
    if message.role is not Role.USER or all(isinstance(part, Text) for part in parts):
        return message.text
    return [_part(part) for part in parts if isinstance(part, Text | Media)]


def _is_picture(part: object) -> bool:
    return isinstance(part, Media) and part.kind == "image" and not part.file_id


def _part(part: Text | Media) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    image = {"url": part.url or f"data:{part.mime};base64,{part.base64}"}
    if part.detail:
        image["detail"] = part.detail
    return {"type": "image_url", "image_url": image}
