"""Reading Anthropic's answers into events: streams (content blocks opened, filled, closed) and plain bodies.

Source: the recordings, and the types of the official SDK (anthropic 2.10.0). Unknown events, blocks and keys are
the rule there, not the exception: they pass by.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from wallascli.vocab.chat import Json, Usage
from wallascli.vocab.events import (
    Event,
    Extra,
    Finished,
    FinishReason,
    ProviderError,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.wires.anthropic_turns import NAME
from wallascli.wires.base import Glance, Malformed
from wallascli.wires.bodies import count, loads
from wallascli.wires.errors import error_facts
from wallascli.wires.framing import sse_data

_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    # A turn of the provider's own tools that may be taken up again; what came is whole.
    "pause_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}


@dataclass(slots=True)
class _Block:
    """A content block from its start to its stop. ``call`` counts the caller's tool calls, not the blocks."""

    start: Json
    call: int | None = None
    pieces: list[str] = field(default_factory=list)


class EventReader:
    """One stream's state. A stream without a ``stop_reason`` gives no ``Finished``: it was cut."""

    __slots__ = ("_blocks", "_calls", "_lists", "_usage")

    def __init__(self) -> None:
        self._blocks: dict[str, _Block] = {}
        self._calls = 0
        self._lists: dict[str, list[Any]] = {}
        self._usage: dict[str, Any] = {}

    def feed(self, frame: bytes) -> list[Event]:
        told = sse_data(frame)
        if told is None or not told.strip():
            return []
        return list(self._event(loads(told), told))

    def end(self) -> list[Event]:
        return []

    def whole(self, message: Json) -> Iterator[Event]:
        """A plain answer: each of its blocks opened and closed at once."""
        yield Started(str(message.get("id") or ""), str(message.get("model") or ""))
        for index, block in enumerate(_list(message, "content")):
            yield from self.opened({"index": index, "content_block": block})
            yield from self.closed({"index": index})
        yield from self.finished({"delta": message, "usage": message.get("usage")})

    def _event(self, event: Json, told: bytes) -> Iterator[Event]:
        step = _STEPS.get(str(event.get("type")))
        if step is not None:
            yield from step(self, event)
        elif has_error(event):
            yield ProviderError(error_facts(event, told))

    def started(self, event: Json) -> Iterator[Event]:
        message = _object(event, "message")
        yield Started(str(message.get("id") or ""), str(message.get("model") or ""))
        yield from self._used(message.get("usage"))

    def opened(self, event: Json) -> Iterator[Event]:
        start = _object(event, "content_block")
        block = self._blocks[str(event.get("index"))] = _Block(start)
        match start.get("type"):
            case "text":
                yield from _said(start)
                yield from self._cited(start.get("citations"))
            case "thinking" if start.get("thinking") or start.get("signature"):
                yield ThoughtDelta(str(start.get("thinking") or ""), str(start.get("signature") or ""), NAME)
            case "redacted_thinking":
                yield ThoughtDelta("", str(start.get("data") or ""), NAME, redacted=True)
            case "tool_use":
                block.call, self._calls = self._calls, self._calls + 1
                yield ToolCallStarted(block.call, str(start.get("id") or ""), str(start.get("name") or ""))

    def filled(self, event: Json) -> Iterator[Event]:
        delta = _object(event, "delta")
        match delta.get("type"):
            case "text_delta":
                yield from _said(delta)
            case "thinking_delta" if delta.get("thinking"):
                yield ThoughtDelta(str(delta["thinking"]), maker=NAME)
            case "signature_delta" if delta.get("signature"):
                yield ThoughtDelta("", str(delta["signature"]), NAME)
            case "input_json_delta" if delta.get("partial_json"):
                yield from self._argued(str(event.get("index")), str(delta["partial_json"]))
            case "citations_delta":
                yield from self._cited([delta.get("citation")])

    def _argued(self, index: str, piece: str) -> Iterator[Event]:
        block = self._blocks.get(index)
        if block is None:
            raise Malformed("arguments for a block that was never opened")
        block.pieces.append(piece)
        if block.call is not None:
            yield ToolCallDelta(block.call, piece)

    def closed(self, event: Json) -> Iterator[Event]:
        block = self._blocks.pop(str(event.get("index")), None)
        if block is None:
            return
        if block.call is not None and not block.pieces:
            # The only piece for a tool without input is "" (messages-tools-stream-…-llm-anthropic-d99f80).
            yield ToolCallDelta(block.call, _written(block.start.get("input") or {}))
        elif block.start.get("type") not in _OURS:
            # Tools that the provider runs (server_tool_use, mcp_tool_use) and their results: no call of ours.
            yield self._listed("server_tools", _filled_in(block))

    def finished(self, event: Json) -> Iterator[Event]:
        for index in list(self._blocks):
            yield from self.closed({"index": index})
        delta = _object(event, "delta")
        for key in ("stop_details", "container"):
            if delta.get(key):
                yield Extra(key, delta[key])
        yield from self._used(event.get("usage"))
        if raw := delta.get("stop_reason"):
            reason = _REASONS.get(str(raw), FinishReason.STOP)
            yield Finished(reason, str(raw), str(delta.get("stop_sequence") or ""))

    def _used(self, figures: Any) -> Iterator[Event]:
        """``message_delta`` repeats or replaces ``message_start`` key by key; older ones tell only the output."""
        if isinstance(figures, dict):
            self._usage |= {key: value for key, value in figures.items() if value is not None}
            yield UsageReported(usage_of(self._usage))

    def _cited(self, citations: Any) -> Iterator[Event]:
        for citation in citations if isinstance(citations, list) else ():
            yield self._listed("citations", citation)

    def _listed(self, name: str, value: Any) -> Extra:
        listed = self._lists.setdefault(name, [])
        listed.append(value)
        return Extra(name, list(listed))


_OURS = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
_STEPS: dict[str, Callable[[EventReader, Json], Iterator[Event]]] = {
    "message_start": EventReader.started,
    "content_block_start": EventReader.opened,
    "content_block_delta": EventReader.filled,
    "content_block_stop": EventReader.closed,
    "message_delta": EventReader.finished,
}


def has_error(event: Json) -> bool:
    return event.get("type") == "error" or bool(event.get("error"))


def usage_of(figures: Json) -> Usage:
    """``input_tokens`` leaves out what was read from the cache and written to it; ours includes both."""
    cached = count(figures.get("cache_read_input_tokens")) or 0
    written = count(figures.get("cache_creation_input_tokens")) or 0
    details = figures.get("output_tokens_details")
    return Usage(
        input=(count(figures.get("input_tokens")) or 0) + cached + written,
        output=count(figures.get("output_tokens")) or 0,
        cached=cached,
        cache_written=written,
        reasoning=(count(details.get("thinking_tokens")) or 0) if isinstance(details, dict) else 0,
    )


def read_whole(body: bytes) -> list[Event]:
    """Raises ``Malformed``."""
    message = loads(body)
    if has_error(message):
        return [ProviderError(error_facts(message, body))]
    if "content" not in message:
        raise Malformed("an answer without content")
    # Read again by the standard library: orjson makes floats of integers beyond 64 bits.
    return list(EventReader().whole(json.loads(body) if b'"tool_use"' in body else message))


def glance(frame: bytes) -> Glance:
    """Raises ``Malformed``."""
    told = sse_data(frame)
    if told is None or not told.strip():
        return Glance.NOTHING
    event = loads(told)
    kind = str(event.get("type"))
    inner = event.get(_GLANCED_INSIDE[kind]) if kind in _GLANCED_INSIDE else None
    if isinstance(inner, dict):
        return _glance_inside(kind, inner, event)
    if kind == "message_stop":
        return Glance.DONE
    return Glance.ERROR if has_error(event) else Glance.NOTHING


_GLANCED_INSIDE = {
    "message_start": "message",
    "content_block_start": "content_block",
    "content_block_delta": "delta",
    "message_delta": "delta",
}
# The key that must hold something for the flag to be set; "" where the type alone says it.
_FLAGS = {
    "text": ("text", Glance.TEXT),
    "text_delta": ("text", Glance.TEXT),
    "thinking": ("thinking", Glance.THOUGHT),
    "thinking_delta": ("thinking", Glance.THOUGHT),
    "signature_delta": ("signature", Glance.THOUGHT),
    "redacted_thinking": ("", Glance.THOUGHT),
    "tool_use": ("", Glance.CALL),
    "input_json_delta": ("partial_json", Glance.CALL),
}


def _glance_inside(kind: str, inner: Json, event: Json) -> Glance:
    if kind.startswith("message"):
        used = inner.get("usage") if kind == "message_start" else event.get("usage")
        seen = Glance.USAGE if used else Glance.NOTHING
        return seen | Glance.FINISH if inner.get("stop_reason") else seen
    key, flag = _FLAGS.get(str(inner.get("type")), ("type", Glance.NOTHING))
    return flag if not key or inner.get(key) else Glance.NOTHING


def _said(block: Json) -> Iterator[Event]:
    if block.get("text"):
        yield TextDelta(str(block["text"]))


def _filled_in(block: _Block) -> Json:
    if not block.pieces:
        return block.start
    written = "".join(block.pieces)
    try:
        return {**block.start, "input": orjson.loads(written)}
    except orjson.JSONDecodeError:
        return {**block.start, "input": written}


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _object(event: Json, key: str) -> Json:
    found = event.get(key)
    if not isinstance(found, dict):
        raise Malformed(f"{key} is no object")
    return found


def _list(message: Json, key: str) -> list[Any]:
    found = message.get(key)
    if not isinstance(found, list):
        raise Malformed(f"{key} is no list")
    return found
