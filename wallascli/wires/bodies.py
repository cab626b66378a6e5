"""JSON bodies on their way out and in, for the wires whose requests are not OpenAI's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import orjson

from wallascli.vocab.chat import ChatRequest, Media, ToolResult
from wallascli.wires.base import Malformed, Quirks

# Read by the router, never forwarded (the list of further models that a body of any wire may carry).
OURS = frozenset({"models"})


def loads(text: bytes) -> dict[str, Any]:
    """One frame or body as an object. Raises ``Malformed``."""
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise Malformed(f"not JSON: {text[:80]!r}") from exc
    if not isinstance(parsed, dict):
        raise Malformed(f"not an object: {text[:80]!r}")
    return parsed


def objects(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the list under ``key``; ``null`` is an empty list. Raises ``Malformed``."""
    listed = body.get(key) or []
    if not isinstance(listed, list):
        raise Malformed(f"{key} is no list")
    return [item for item in listed if isinstance(item, dict)]


def count(value: Any) -> int | None:
    """A number of tokens, if it is one."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def as_object(arguments: str) -> dict[str, Any]:
    """A call's arguments where a wire wants an object: what a model wrote otherwise is kept as text inside one."""
    try:
        parsed = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return {"arguments": arguments}
    # Groq writes "null" for a call without arguments (groq/chat-tools-stream-llama-3-3-70b-versatile-rig-e6a1b3).
    if parsed is None:
        return {}
    return parsed if isinstance(parsed, dict) else {"arguments": arguments}


def media_of(request: ChatRequest) -> Iterator[Media]:
    """All pictures, sounds and documents of a conversation, those inside tool results too."""
    for message in request.messages:
        for part in message.parts:
            for inner in part.parts if isinstance(part, ToolResult) else (part,):
                if isinstance(inner, Media):
                    yield inner


def callers_own(request: ChatRequest, wire: str) -> dict[str, Any] | None:
    """A copy of the body of a caller who spoke ``wire`` itself, without what is ours; else ``None``.

    Whoever changes such a request (a continuation turn, fewer ``max_tokens``) empties ``origin.body``: then
    it is rendered from words, and ``extra`` still goes out because ``origin.wire`` says whose words those are.
    """
    origin = request.origin
    if origin is None or origin.wire != wire or not origin.body:
        return None
    return {key: value for key, value in deepcopy(dict(origin.body)).items() if key not in OURS}


def foreign_extra(request: ChatRequest, wire: str, body: dict[str, Any]) -> list[str]:
    """Put ``extra`` into ``body`` if it is of this wire; else return its names, which are dropped."""
    if request.origin is not None and request.origin.wire == wire:
        body.update({key: value for key, value in request.extra.items() if key not in body})
        return []
    return sorted(request.extra)


def fit(
    body: dict[str, Any], quirks: Quirks, *, group: str = "", names: Mapping[str, str] | None = None
) -> list[str]:
    """Let a row's quirks change ``body``; returns what they dropped, in the caller's words.

    ``group`` is an object inside the body that holds fields too (Ollama's ``options``); ``names`` leads from
    the wire's own names to the caller's.
    """
    names = names or {}
    dropped: list[str] = []
    inner = body.get(group)
    for fields in (body, inner) if isinstance(inner, dict) else (body,):
        for field in sorted(quirks.drops & fields.keys()):
            del fields[field]
            dropped.append(names.get(field, field))
        for old, new in quirks.renames.items():
            if old in fields:
                fields.setdefault(new, fields.pop(old))
    if quirks.adjust is not None:
        dropped += quirks.adjust(body)
    return dropped
