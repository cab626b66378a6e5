"""A conversation as Gemini's ``contents``: two roles in turn, nothing empty, results of tools beside each other.

Evidence: requests of real clients that were answered with 200, named where they decided something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

import orjson

from wallascli.vocab.chat import (
    Media,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)

NAME = "gemini"

# Google's documented stand-in for the signature of a call that Gemini did not make itself.
UNSIGNED = "skip_thought_signature_validator"
# Pictures and PDFs may stand inside a result from 3 on (gemini/vision-gemini-3-flash-preview-rig-05ee03);
# before, and for other kinds, beside it (gemini/vision-gemini-2-5-flash-ruby-llm-364f69).
_INSIDE_RESULTS = frozenset({"image", "pdf"})
_VERSION = re.compile(r"gemini-(\d+)")
# What the API fetches by itself; other http addresses it does not (freellmapi, 2026-08).
_FETCHED = ("https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/", "gs://")

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def is_newer(model: str) -> bool:
    """Whether ``model`` is a Gemini 3 or later. Names without a number (``gemini-flash-latest``) are."""
    version = _VERSION.match(model)
    return int(version[1]) >= 3 if version else not model.startswith("gemma-")


def fetched(media: Media) -> bool:
    """Whether this medium is here as bytes or at an address that Gemini reads."""
    return bool(media.base64) or (media.url or media.file_id).startswith(_FETCHED)


def system(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The parts of ``systemInstruction``: Gemini knows one, before everything else."""
    return [{"text": m.text} for m in messages if m.role in _SYSTEM and m.text]


def contents(messages: Sequence[Message], model: str, dropped: list[str]) -> list[dict[str, Any]]:
    """The turns. Roles must alternate and no turn may be empty, so runs are merged."""
    if any(m.name for m in messages):
        dropped.append("messages[].name")
    if any(isinstance(part, Media) for m in messages if m.role in _SYSTEM for part in m.parts):
        dropped.append("messages[].content")
    messages = [m for m in messages if m.role not in _SYSTEM]
    names = {p.id: p.name for m in messages for p in m.parts if isinstance(p, ToolCall)}
    turns: list[dict[str, Any]] = []
    for message in messages:
        role = "model" if message.role is Role.ASSISTANT else "user"
        parts = [p for part in message.parts for p in _parts(part, names, model, dropped)]
        if parts and turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": role, "parts": parts})
    return turns


def signed(turns: Any, model: str) -> Any:
    """The turns, the first call of each model turn signed: without that Gemini 3 answers a 400.

    Gemini itself signs only the first of parallel calls (gemini/chat-tools-gemini-2-5-pro-dd-trace-py-1cf3c2), so
    the others are left alone.
    """
    if not is_newer(model) or not isinstance(turns, list):
        return turns
    return [_signed(turn) for turn in turns]


def _signed(turn: Any) -> Any:
    if not isinstance(turn, Mapping) or turn.get("role") != "model":
        return turn
    parts = list(turn.get("parts") or ())
    for place, part in enumerate(parts):
        if "functionCall" in part or "function_call" in part:
            if not (part.get("thoughtSignature") or part.get("thought_signature")):
                parts[place] = {**part, "thoughtSignature": UNSIGNED}
            break
    return {**turn, "parts": parts}


def _parts(part: Part, names: Mapping[str, str], model: str, dropped: list[str]) -> Iterator[dict[str, Any]]:
    match part:
        case Text(text) | Refusal(text):
            if text:
                yield {"text": text}
        case Thought():
            yield from _thought(part, dropped)
        case Media():
            yield _media(part, dropped)
        case ToolCall():
            yield _call(part)
        case ToolResult():
            yield from _result(part, names, model, dropped)
        case _:
            assert_never(part)


def _thought(thought: Thought, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """Others' thoughts go along as text (gemini/reasoning-gemini-2-5-pro-pydantic-ai-e7be11), their proofs cannot.

    A signature without text is accepted (gemini/chat-gemini-3-flash-preview-ruby-llm-383d16).
    """
    written: dict[str, Any] = {"thought": True}
    if thought.text and not thought.redacted:
        written["text"] = thought.text
    if thought.signature and thought.maker == NAME:
        written["thoughtSignature"] = thought.signature
    if len(written) > 1:
        yield written
    elif thought.text or thought.signature:
        dropped.append("messages[].reasoning")


def _media(media: Media, dropped: list[str]) -> dict[str, Any]:
    if media.detail and media.detail != "auto":
        dropped.append("messages[].image_url.detail")
    if media.base64:
        if media.name:
            dropped.append("messages[].file.filename")
        return {"inlineData": {"mimeType": media.mime, "data": media.base64}}
    return {"fileData": {"mimeType": media.mime, "fileUri": media.url or media.file_id}}


def _call(call: ToolCall) -> dict[str, Any]:
    function: dict[str, Any] = {"name": call.name, "args": _object(call.arguments, "arguments")}
    if call.id:
        function["id"] = call.id
    written: dict[str, Any] = {"functionCall": function}
    if call.signature and call.maker == NAME:
        written["thoughtSignature"] = call.signature
    return written


def _object(text: str, key: str) -> dict[str, Any]:
    """JSON text as the object Gemini wants; what is none goes in as text under ``key``."""
    try:
        parsed = orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return {key: text}
    if isinstance(parsed, dict):
        return parsed
    return {} if parsed is None else {key: text}


def _response(result: ToolResult) -> dict[str, Any]:
    """``output`` and ``error`` are Google's own keys: an object without them is taken as the output itself."""
    if result.is_error:
        return {"error": result.text}
    response = _object(result.text, "output")
    mixed = response.keys() & {"output", "error"} and response.keys() - {"output", "error"}
    return {"output": response} if mixed else response or {"output": result.text}


def _result(
    result: ToolResult, names: Mapping[str, str], model: str, dropped: list[str]
) -> Iterator[dict[str, Any]]:
    function: dict[str, Any] = {
        "name": result.name or names.get(result.call_id) or result.call_id or "tool",
        "response": _response(result),
    }
    if result.call_id:
        function["id"] = result.call_id
    media = [part for part in result.parts if isinstance(part, Media)]
    inside = [m for m in media if is_newer(model) and m.kind in _INSIDE_RESULTS]
    if inside:
        function["parts"] = [_media(m, dropped) for m in inside]
    yield {"functionResponse": function}
    for m in media:
        if m not in inside:
            yield _media(m, dropped)
