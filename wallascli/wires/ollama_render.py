"""Writing a request for Ollama's ``/api/chat``.

``num_ctx`` is never set here, although a default of 4k tokens cuts long prompts silently: it would load the
model anew with more memory than its owner gave it. ``keep_alive`` is the owner's too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from wallascli.wires.base import Quirks
from wallascli.wires.bodies import as_object, callers_own, fit, foreign_extra, media_of

NAME = "ollama"

# Our fields that are model options there, by their names there.
_OPTIONS = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "seed": "seed",
    "stop": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "repetition_penalty": "repeat_penalty",
}
_CALLERS_NAMES = {theirs: ours for ours, theirs in _OPTIONS.items()}
_ROLES = {Role.DEVELOPER: "system", Role.TOOL: "user"}

# Levels are words there since gpt-oss, which knows only them. Others answered a word with 400 "think value
# is not supported for this model" until 2026 (musistudio/claude-code-router#1093), and later read it as true.
_LEVELED = "gpt-oss"
_LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}


def render(request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> tuple[dict[str, Any], list[str]]:
    """The body, and the names of what had to be dropped."""
    dropped: list[str] = []
    body = callers_own(request, NAME)
    names = {} if body is not None else _CALLERS_NAMES
    if body is None:
        body = _from_words(request, model, dropped)
        dropped += foreign_extra(request, NAME, body)
    body["model"] = model
    body["stream"] = stream  # a missing ``stream`` means true there
    dropped += fit(body, quirks, group="options", names=names)
    return body, list(dict.fromkeys(dropped))


def lacks(request: ChatRequest) -> tuple[str, ...]:
    """Only images, and those only as base64 (the API of 2026-08)."""
    return tuple(dict.fromkeys(why for part in media_of(request) if (why := _unsayable(part))))


def _unsayable(part: Media) -> str:
    if part.kind != "image":
        return f"{part.kind} input"
    return "" if part.base64 else "image by URL" if part.url else "image by file id"


def _from_words(request: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any]:
    names = {p.id: p.name for m in request.messages for p in m.parts if isinstance(p, ToolCall)}
    body: dict[str, Any] = {
        "messages": [written for m in request.messages for written in _messages(m, names, dropped)]
    }
    given = {theirs: getattr(request, ours) for ours, theirs in _OPTIONS.items()}
    if options := {key: value for key, value in given.items() if value not in (None, ())}:
        body["options"] = options | ({"stop": list(request.stop)} if request.stop else {})
    _set_tools(request, body, dropped)
    _set_format(request, body)
    if request.reasoning is not None:
        _set_think(request.reasoning, model, body, dropped)
    for field in ("logprobs", "top_logprobs"):
        if (value := getattr(request, field)) is not None:
            body[field] = value
    if request.n not in (None, 1):
        dropped.append("n")
    dropped += [field for field in ("logit_bias", "user") if getattr(request, field)]
    return body


def _set_tools(request: ChatRequest, body: dict[str, Any], dropped: list[str]) -> None:
    """There is no ``tool_choice``. ``auto`` is what happens anyway; ``none`` is said by offering no tools."""
    mode = request.tool_choice.mode if request.tool_choice else "auto"
    if request.tools and mode != "none":
        body["tools"] = [_tool(tool) for tool in request.tools]
    if mode in ("required", "named"):
        dropped.append("tool_choice")
    if request.parallel_tool_calls is not None:
        dropped.append("parallel_tool_calls")
    if any(tool.strict for tool in request.tools):
        dropped.append("tools[].strict")


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": function}


def _set_format(request: ChatRequest, body: dict[str, Any]) -> None:
    wish = request.response_format
    if wish is None or wish.kind == "text":
        return
    body["format"] = wish.schema if wish.kind == "json_schema" and wish.schema is not None else "json"


def _set_think(wish: Reasoning, model: str, body: dict[str, Any], dropped: list[str]) -> None:
    """Only said if the caller said something: ``think`` is a 400 at models that cannot think."""
    if wish.effort == "none" or wish.budget == 0:
        body["think"] = False
    elif wish.effort or wish.budget:
        level = _LEVELS.get(wish.effort) if _LEVELED in model else None
        body["think"] = level or True
        if wish.effort and level != wish.effort:
            dropped.append("reasoning_effort")
        if wish.budget:
            dropped.append("reasoning.max_tokens")
    if wish.show is not None:
        dropped.append("reasoning.exclude")


def _messages(message: Message, names: dict[str, str], dropped: list[str]) -> Iterator[dict[str, Any]]:
    """One of our messages is one of Ollama's, but for tool results: each is a message of its own there."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for result in results:
        yield _result(result, names, dropped)
    rest = tuple(part for part in message.parts if not isinstance(part, ToolResult))
    if rest or not results:
        yield _message(message, rest, dropped)


def _result(result: ToolResult, names: dict[str, str], dropped: list[str]) -> dict[str, Any]:
    written: dict[str, Any] = {"role": "tool", "content": result.text}
    if name := result.name or names.get(result.call_id):
        written["tool_name"] = name
    if result.call_id:
        written["tool_call_id"] = result.call_id
    if result.is_error:
        dropped.append("messages[].is_error")
    return written | _images(result.parts, dropped)


def _message(message: Message, parts: tuple[Part, ...], dropped: list[str]) -> dict[str, Any]:
    said = "".join(part.text for part in parts if isinstance(part, Text | Refusal))
    written: dict[str, Any] = {"role": _ROLES.get(message.role, message.role.value), "content": said}
    thoughts = [part for part in parts if isinstance(part, Thought)]
    if thought := "".join(part.text for part in thoughts):
        written["thinking"] = thought
    if any(part.redacted for part in thoughts):
        dropped.append("messages[].reasoning")
    if calls := [_call(part) for part in parts if isinstance(part, ToolCall)]:
        written["tool_calls"] = calls
    if message.name:
        dropped.append("messages[].name")
    return written | _images(parts, dropped)


def _images(parts: tuple[Part, ...] | tuple[Text | Media, ...], dropped: list[str]) -> dict[str, list[str]]:
    media = [part for part in parts if isinstance(part, Media)]
    images = [part.base64 for part in media if not _unsayable(part)]
    if len(images) < len(media):
        dropped.append("messages[].content")
    if any(part.detail for part in media):
        dropped.append("messages[].image_url.detail")
    return {"images": images} if images else {}


def _call(call: ToolCall) -> dict[str, Any]:
    written: dict[str, Any] = {"function": {"name": call.name, "arguments": as_object(call.arguments)}}
    return {"id": call.id, **written} if call.id else written
