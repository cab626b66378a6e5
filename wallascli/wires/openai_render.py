"""Writing an OpenAI chat request for a provider: the caller's own body where it spoke OpenAI, else our words.

A body that came in this dialect is forwarded with ``model`` replaced, so fields we have never heard of survive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from wallascli.wires.base import CallIds, Quirks
from wallascli.wires.openai_request import NAME

# Ours: read by the router, never forwarded (design 3.4).
OURS = frozenset({"models"})
_SAME = (
    "temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty seed n logprobs "
    "top_logprobs logit_bias parallel_tool_calls"
).split()


def render(request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> tuple[dict[str, Any], list[str]]:
    """The body, and the names of what had to be dropped."""
    dropped: list[str] = []
    if request.origin is not None and request.origin.wire == NAME:
        body = {k: v for k, v in request.origin.body.items() if v is not None and k not in OURS}
    else:
        body = _from_words(request)
        dropped += sorted(request.extra)
    body["model"] = model
    _set_stream(body, stream, wants_usage=not request.stream)
    _apply(body, quirks, dropped)
    return body, dropped


def _set_stream(body: dict[str, Any], stream: bool, *, wants_usage: bool) -> None:
    """``stream_options`` without ``stream`` is a 400 at OpenAI; usage is asked for only where it stays inside."""
    if not stream:
        body.pop("stream", None)
        body.pop("stream_options", None)
        return
    body["stream"] = True
    if wants_usage:
        body["stream_options"] = {**body.get("stream_options", {}), "include_usage": True}


def _apply(body: dict[str, Any], quirks: Quirks, dropped: list[str]) -> None:
    for old, new in quirks.renames.items():
        if old in body:
            value = body.pop(old)
            body.setdefault(new, value)
    for field in quirks.drops & body.keys():
        del body[field]
        dropped.append(field)
    if not quirks.stream_usage:
        # Such providers send usage unasked (recordings of Mistral), so nothing the caller sees is lost.
        body.pop("stream_options", None)
    if _touches_messages(quirks):
        body["messages"] = [_fitted(dict(message), quirks, dropped) for message in body["messages"]]
    if quirks.adjust is not None:
        dropped += quirks.adjust(body)


def _touches_messages(quirks: Quirks) -> bool:
    return bool(
        quirks.flat_content or quirks.message_fields or quirks.call_ids or quirks.content_with_calls is not None
    )


def _fitted(message: dict[str, Any], quirks: Quirks, dropped: list[str]) -> dict[str, Any]:
    if quirks.flat_content and isinstance(message.get("content"), list):
        texts = [part.get("text") for part in message["content"]]
        if all(isinstance(text, str) for text in texts):
            message["content"] = "".join(texts)
    if quirks.message_fields:
        for field in message.keys() - quirks.message_fields:
            if message.pop(field) is not None and f"messages[].{field}" not in dropped:
                dropped.append(f"messages[].{field}")
    if quirks.call_ids is CallIds.NINE_ALPHANUMERIC:
        _shorten_ids(message)
    if quirks.content_with_calls is not None and message.get("tool_calls"):
        message["content"] = message.get("content") or quirks.content_with_calls
    return message


def _shorten_ids(message: dict[str, Any]) -> None:
    if message.get("tool_call_id"):
        message["tool_call_id"] = nine(message["tool_call_id"])
    if message.get("tool_calls"):
        message["tool_calls"] = [{**call, "id": nine(str(call.get("id")))} for call in message["tool_calls"]]


def nine(call_id: str) -> str:
    """A call id as Mistral takes it: itself if it fits, else nine hexadecimal digits made of it."""
    if len(call_id) == 9 and call_id.isascii() and call_id.isalnum():
        return call_id
    return hashlib.sha256(call_id.encode()).hexdigest()[:9]


def _from_words(request: ChatRequest) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": [m for message in request.messages for m in _messages(message)]}
    body |= {key: value for key in _SAME if (value := getattr(request, key)) is not None}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.tool_choice:
        body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.response_format:
        body["response_format"] = _response_format(request)
    if request.reasoning and request.reasoning.effort:
        body["reasoning_effort"] = request.reasoning.effort
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.stop:
        body["stop"] = list(request.stop)
    if request.user:
        body["user"] = request.user
    if request.stream and request.include_usage:
        body["stream_options"] = {"include_usage": True}
    return body


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def _response_format(request: ChatRequest) -> dict[str, Any]:
    wish = request.response_format
    assert wish is not None
    if wish.kind != "json_schema":
        return {"type": wish.kind}
    schema: dict[str, Any] = {"name": wish.name or "answer", "schema": wish.schema}
    if wish.strict is not None:
        schema["strict"] = wish.strict
    return {"type": "json_schema", "json_schema": schema}


def _messages(message: Message) -> Iterator[dict[str, Any]]:
    """One of our messages is one of OpenAI's, but for tool results: each is a message of its own there."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    for result in results:
        yield {"role": "tool", "tool_call_id": result.call_id, "content": _result_content(result)}
    rest = tuple(part for part in message.parts if not isinstance(part, ToolResult))
    if rest or not results:
        yield _message(message, rest)


def _result_content(result: ToolResult) -> str | list[dict[str, Any]]:
    if all(isinstance(part, Text) for part in result.parts):
        return result.text
    return [_part(part) for part in result.parts]


def _message(message: Message, parts: tuple[Part, ...]) -> dict[str, Any]:
    role = message.role if message.role is not Role.TOOL else Role.USER
    written: dict[str, Any] = {"role": role.value}
    if message.name:
        written["name"] = message.name
    calls = [part for part in parts if isinstance(part, ToolCall)]
    said = [part for part in parts if isinstance(part, Text | Media)]
    written["content"] = _content(said, empty=None if calls else "")
    if refusal := "".join(part.text for part in parts if isinstance(part, Refusal)):
        written["refusal"] = refusal
    if calls:
        written["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in calls
        ]
    return written


def _content(parts: list[Text | Media], *, empty: str | None) -> str | list[dict[str, Any]] | None:
    if not parts:
        return empty
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return [_part(part) for part in parts]


def _part(part: Text | Media) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    url = part.url or f"data:{part.mime};base64,{part.base64}"
    match part.kind:
        case "image":
            return {
                "type": "image_url",
                "image_url": {"url": url} | ({"detail": part.detail} if part.detail else {}),
            }
        case "audio":
            return {
                "type": "input_audio",
                "input_audio": {"data": part.base64, "format": part.mime.partition("/")[2]},
            }
        case "video":
            return {"type": "video_url", "video_url": {"url": url}}
        case _ if part.file_id:
            return {"type": "file", "file": {"file_id": part.file_id}}
        case _:
            return {"type": "file", "file": {"filename": part.name or "document.pdf", "file_data": url}}
