"""Reading Cohere's answers (v2 chat) into events.

Usage is ``tokens``, not ``billed_units``: the former is what a model read and wrote, template included, and what
``cached_tokens`` and ``reasoning_tokens`` are parts of (cached 448 of 503 tokens where 8 were billed,
cohere/chat-command-a-03-2025-rig-26322e). What was billed is kept beside the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from wallascli.vocab.chat import Json, Usage
from wallascli.vocab.events import (
    Event,
    Extra,
    Finished,
    FinishReason,
    LogprobsReported,
    ProviderError,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.wires.base import Malformed
from wallascli.wires.cohere_render import NAME
from wallascli.wires.errors import error_facts
from wallascli.wires.framing import Framing, sse_data

DONE = b"[DONE]"
# A word we have not heard of ends an answer in an unknown way: an error.
_REASONS = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "ERROR": FinishReason.ERROR,
    "TIMEOUT": FinishReason.ERROR,
}


def loads(data: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise Malformed(f"not JSON: {data[:80]!r}") from exc
    if not isinstance(parsed, dict):
        raise Malformed(f"not an object: {data[:80]!r}")
    return parsed


def payload(frame: bytes) -> bytes | None:
    """The JSON of a frame; an error may be plain JSON under the label of an event stream."""
    data = sse_data(frame)
    if data is None and frame.lstrip()[:1] == b"{":
        return frame
    return data or None


def is_error(parsed: Json) -> bool:
    """``{"id", "message"}``: in an answer ``message`` is an object, and an event has a type."""
    return "type" not in parsed and bool(parsed.get("error") or not isinstance(parsed.get("message", {}), dict))


class EventReader:
    """One stream's state. Events of types we do not know are passed over."""

    __slots__ = ("_calls", "_citations", "_silent")

    def __init__(self) -> None:
        self._calls = 0
        self._silent: set[int] = set()
        self._citations: list[Any] = []

    def feed(self, frame: bytes) -> list[Event]:
        data = payload(frame)
        if data is None or data == DONE:
            return []
        parsed = loads(data)
        if is_error(parsed):
            return [ProviderError(error_facts(parsed, data))]
        read = _EVENTS.get(str(parsed.get("type")))
        try:
            return list(read(self, parsed)) if read else []
        except (AttributeError, KeyError, TypeError) as exc:
            raise Malformed(f"not shaped like an event: {data[:80]!r}") from exc

    def end(self) -> list[Event]:
        return []

    def whole(self, body: dict[str, Any]) -> Iterator[Event]:
        """A plain answer."""
        message = body["message"]
        yield Started(body.get("id") or "")
        if plan := message.get("tool_plan"):
            yield ThoughtDelta(plan, maker=NAME)
        for part in message.get("content") or ():
            yield from _said(part)
        for place, call in enumerate(message.get("tool_calls") or ()):
            yield from self._started(call, place)
        self._citations = list(message.get("citations") or ())
        if items := body.get("logprobs"):
            yield LogprobsReported({"content": [_token(item) for item in items]})
        yield from self._ended(body)

    def start(self, event: dict[str, Any]) -> Iterator[Event]:
        yield Started(event.get("id") or "")

    def content(self, event: dict[str, Any]) -> Iterator[Event]:
        yield from _said(event["delta"]["message"]["content"])
        if item := event.get("logprobs"):
            yield LogprobsReported({"content": [_token(item)]})

    def plan(self, event: dict[str, Any]) -> Iterator[Event]:
        if text := _text(event["delta"]["message"]["tool_plan"]):
            yield ThoughtDelta(text, maker=NAME)

    def call(self, event: dict[str, Any]) -> Iterator[Event]:
        yield from self._started(event["delta"]["message"]["tool_calls"], event.get("index", self._calls))

    def arguments(self, event: dict[str, Any]) -> Iterator[Event]:
        function = event["delta"]["message"]["tool_calls"]["function"]
        if text := _text(function.get("arguments")):
            index = event.get("index", max(0, self._calls - 1))
            self._silent.discard(index)
            yield ToolCallDelta(index, text)

    def called(self, event: dict[str, Any]) -> Iterator[Event]:
        """A call without arguments has none in a stream, ``{}`` elsewhere (cohere/chat-tools-stream-…-687e74)."""
        if (index := event.get("index", 0)) in self._silent:
            self._silent.discard(index)
            yield ToolCallDelta(index, "{}")

    def citation(self, event: dict[str, Any]) -> Iterator[Event]:
        """Told whole at the end."""
        self._citations.append(event["delta"]["message"]["citations"])
        yield from ()

    def finish(self, event: dict[str, Any]) -> Iterator[Event]:
        yield from self._ended(event["delta"])

    def _started(self, call: dict[str, Any], index: int) -> Iterator[Event]:
        function = call["function"]
        self._calls = max(self._calls, index + 1)
        yield ToolCallStarted(index, str(call["id"]), function["name"], maker=NAME)
        if text := _text(function.get("arguments")):
            yield ToolCallDelta(index, text)
        else:
            self._silent.add(index)

    def _ended(self, told: dict[str, Any]) -> Iterator[Event]:
        if self._citations:
            yield Extra("citations", self._citations, 0)
        usage = told.get("usage") or {}
        if usage.get("tokens"):
            yield UsageReported(_usage(usage))
        if usage.get("billed_units"):
            yield Extra("billed_units", usage["billed_units"], choice=-1)
        if error := told.get("error"):
            yield ProviderError(error_facts({"error": error}, orjson.dumps(told)))
        if raw := told.get("finish_reason"):
            reason = _REASONS.get(raw, FinishReason.ERROR)
            called = reason is FinishReason.STOP and self._calls
            yield Finished(FinishReason.TOOL_CALLS if called else reason, str(raw))


_EVENTS: dict[str, Callable[[EventReader, dict[str, Any]], Iterator[Event]]] = {
    "message-start": EventReader.start,
    "content-start": EventReader.content,
    "content-delta": EventReader.content,
    "tool-plan-delta": EventReader.plan,
    "tool-call-start": EventReader.call,
    "tool-call-delta": EventReader.arguments,
    "tool-call-end": EventReader.called,
    "citation-start": EventReader.citation,
    "message-end": EventReader.finish,
}


def _text(value: Any) -> str:
    if not isinstance(value, str | None):
        raise TypeError("text is not a string")
    return value or ""


def _said(content: dict[str, Any]) -> Iterator[Event]:
    if thought := _text(content.get("thinking")):
        yield ThoughtDelta(thought, maker=NAME)
    if text := _text(content.get("text")):
        yield TextDelta(text)


def _token(item: dict[str, Any]) -> dict[str, Any]:
    """One piece of text may be several tokens: its probability is the product of theirs."""
    text = _text(item.get("text"))
    logprob = sum(item.get("logprobs") or ())
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": []}


def _usage(told: Json) -> Usage:
    """Pictures are counted outside the input (cohere/vision-command-a-plus-05-2026-ruby-llm-24fd32: 34 and 259)."""
    tokens = told["tokens"]
    return Usage(
        input=int((tokens.get("input_tokens") or 0) + (tokens.get("image_tokens") or 0)),
        output=int(tokens.get("output_tokens") or 0),
        cached=int(told.get("cached_tokens") or 0),
        reasoning=int(tokens.get("reasoning_tokens") or 0),
    )


def read_whole(body: bytes) -> list[Event]:
    """A plain answer, whatever its label: JSON or an event stream."""
    reader = EventReader()
    if body.lstrip()[:1] == b"{":
        parsed = loads(body)
        if is_error(parsed):
            return [ProviderError(error_facts(parsed, body))]
        try:
            return list(reader.whole(parsed))
        except (AttributeError, KeyError, TypeError) as exc:
            raise Malformed(f"not shaped like an answer: {body[:80]!r}") from exc
    framer = Framing.SSE.framer()
    frames = [*framer.feed(body), framer.rest()]
    if not any(payload(frame) for frame in frames):
        raise Malformed(f"not an answer: {body[:80]!r}")
    return [event for frame in frames for event in reader.feed(frame)]
