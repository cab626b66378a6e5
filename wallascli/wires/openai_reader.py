"""Reading OpenAI-shaped answers into events: streams, plain bodies, and the many ways they depart from OpenAI.

Evidence for each oddity: recordings named in the comments, and the providers' fact sheet of 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from wallascli.vocab.chat import Json, Media, Usage
from wallascli.vocab.events import (
    Event,
    Extra,
    Finished,
    FinishReason,
    LogprobsReported,
    MediaMade,
    ProviderError,
    RefusalDelta,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.wires.base import Malformed
from wallascli.wires.errors import error_facts
from wallascli.wires.framing import sse_data
from wallascli.wires.openai_request import NAME, media

DONE = b"[DONE]"

# Keys of a chunk or body that have words of ours, or are padding (obfuscation: openai/chat-stream-gpt-5-4-chatlas).
_KNOWN = frozenset("id object created model choices usage error obfuscation p".split())
_KNOWN_IN_DELTA = frozenset(
    "role content reasoning reasoning_content tool_calls function_call refusal audio images "
    "obfuscation p token_ids".split()
)
_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "error": FinishReason.ERROR,
}


# What looking into JSON of an unexpected shape raises; all shapes are possible, so none is asked for beforehand.
ODD = (AttributeError, TypeError, KeyError, IndexError, ValueError)


def loads(data: bytes) -> dict[str, Any]:
    """Parse one chunk or body. Raises ``Malformed``."""
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise Malformed(f"not JSON: {data[:80]!r}") from exc
    if isinstance(parsed, list) and parsed and isinstance(parsed[0], dict):
        parsed = parsed[0]  # Gemini's compatible endpoint wraps an error in a list (its documentation)
    if not isinstance(parsed, dict):
        raise Malformed(f"not an object: {data[:80]!r}")
    return parsed


def finish_reason(raw: str) -> FinishReason:
    # Upper case when Gemini stands behind Pollinations (pollinations/chat-stream-gemini-large-pollinations).
    return _REASONS.get(raw.lower(), FinishReason.STOP)


def usage_of(figures: Json) -> Usage:
    """``prompt_tokens`` includes cached ones and ``completion_tokens`` the reasoning, as OpenAI counts."""
    prompt = figures.get("prompt_tokens_details") or {}
    completion = figures.get("completion_tokens_details") or {}
    read, written = figures.get("prompt_tokens") or 0, figures.get("completion_tokens") or 0
    # Two leave a part of the total out of both: Mistral the sound it heard (mistral/audio-in-voxtral-small-latest),
    # Gemini's compatible route the thinking (gemini/chat-tools-openai-compat-gemini-2-5-pro).
    beside = max(0, (figures.get("total_tokens") or 0) - read - written)
    if beside == prompt.get("audio_tokens"):
        read += beside
    else:
        written += beside
    cached = prompt.get("cached_tokens") or figures.get("cached_tokens") or figures.get("num_cached_tokens") or 0
    return Usage(
        input=read,
        output=written,
        # Grok on Azure counts a hidden prompt as cached and nowhere else (azure/chat-grok-4-1: 24 in, 161 cached).
        cached=min(cached, read),
        cache_written=prompt.get("cache_write_tokens") or 0,
        reasoning=completion.get("reasoning_tokens") or figures.get("reasoning_tokens") or 0,
    )


def has_error(chunk: Json) -> bool:
    """An error inside a 200 (openrouter/error-in-200, groq/error-in-stream). ``error: null`` is none."""
    return bool(chunk.get("error"))


class CallNumbers:
    """Which call of its choice a piece belongs to."""

    __slots__ = ("_ids", "_named")

    def __init__(self) -> None:
        self._ids: dict[int, list[str]] = {}
        self._named: dict[tuple[int, int], int] = {}

    def any(self, choice: int) -> bool:
        return bool(self._ids.get(choice))

    def of(self, call: Json, function: Json, choice: int) -> tuple[int, bool]:
        """The number of the call, from 0, and whether this piece begins it.

        ``index`` is missing at older Mistral (mistral/chat-tools-stream-mistral-small-latest-openinference), and
        is 0 for every parallel call at some servers: another id together with a name begins another call.
        """
        ids = self._ids.setdefault(choice, [])
        call_id = str(call.get("id") or "")
        told = call.get("index")
        known = self._named.get((choice, told)) if told is not None else (len(ids) - 1 if ids else None)
        begins = known is None or bool(call_id and function.get("name") and call_id != ids[known])
        if not begins and known is not None:
            return known, False
        ids.append(call_id)
        if told is not None:
            self._named[choice, told] = len(ids) - 1
        return len(ids) - 1, True


class ChunkReader:
    """One stream's state."""

    __slots__ = ("_calls", "_finished", "_last_usage", "_lists", "_started")

    def __init__(self) -> None:
        self._started = False
        self._finished: set[int] = set()
        self._calls = CallNumbers()
        self._lists: dict[tuple[int, str], list[Any]] = {}
        self._last_usage: Usage | None = None

    def feed(self, frame: bytes) -> list[Event]:
        data = sse_data(frame)
        if data is None or data == DONE or not data.strip():
            return []
        chunk = loads(data)
        try:
            return list(self._chunk(chunk))
        except ODD as exc:
            raise Malformed(f"not a chunk: {data[:80]!r}") from exc

    def end(self) -> list[Event]:
        return []

    def _chunk(self, chunk: dict[str, Any]) -> Iterator[Event]:
        if has_error(chunk):
            yield ProviderError(error_facts(chunk, orjson.dumps(chunk)))
            return
        if not self._started and chunk.get("id"):
            self._started = True
            yield Started(str(chunk["id"]), str(chunk.get("model") or ""), chunk.get("created") or 0)
        for choice in chunk.get("choices") or ():
            yield from self._choice(choice)
        yield from self._beside(chunk)

    def _beside(self, chunk: dict[str, Any]) -> Iterator[Event]:
        """Usage comes in four shapes, the last one counts; ``x_groq.usage`` repeats it (recordings of Groq)."""
        groq = chunk.get("x_groq") or {}
        if groq.get("error"):
            yield ProviderError(error_facts({"error": {"message": str(groq["error"])}}))
        if figures := chunk.get("usage") or groq.get("usage"):
            usage = usage_of(figures)
            if usage != self._last_usage:
                self._last_usage = usage
                yield UsageReported(usage)
        for key in chunk.keys() - _KNOWN:
            if chunk[key] is not None:
                yield Extra(key, chunk[key], choice=-1)

    def _choice(self, choice: dict[str, Any]) -> Iterator[Event]:
        index = choice.get("index") or 0
        if not isinstance(index, int):
            raise TypeError("a choice without a number")
        delta = choice.get("delta") or choice.get("message") or {}
        yield from said(delta, index)
        for call in delta.get("tool_calls") or ():
            yield from self._call(call, index)
        if legacy := delta.get("function_call"):
            yield from self._call({"index": 0, "id": legacy.get("name"), "function": legacy}, index)
        for key in delta.keys() - _KNOWN_IN_DELTA:
            yield from self._other(key, delta[key], index)
        if isinstance(logprobs := choice.get("logprobs"), dict) and logprobs:
            yield LogprobsReported(logprobs, index)
        raw = choice.get("finish_reason")
        # OpenRouter repeats the reason in its usage chunk: the first one counts.
        if raw and index not in self._finished:
            self._finished.add(index)
            reason = finish_reason(raw)
            # OpenAI says "stop" when the tool was forced (openai/chat-tools-req-llm-20d266).
            if reason is FinishReason.STOP and self._calls.any(index):
                reason = FinishReason.TOOL_CALLS
            yield Finished(reason, raw, choice=index)

    def _other(self, key: str, value: Any, index: int) -> Iterator[Event]:
        """Lists (annotations, reasoning_details, …) come in pieces and are told whole each time."""
        if value is None or value == []:
            return
        if isinstance(value, list):
            whole = self._lists.setdefault((index, key), [])
            whole += value
            value = list(whole)
        yield Extra(key, value, index)

    def _call(self, call: dict[str, Any], choice: int) -> Iterator[Event]:
        function = call.get("function") or call.get("custom") or {}
        number, is_new = self._calls.of(call, function, choice)
        if is_new:
            yield ToolCallStarted(number, str(call.get("id") or ""), str(function.get("name") or ""), choice=choice)
        if arguments := function.get("arguments") or function.get("input"):
            text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
            yield ToolCallDelta(number, text, choice)


def said(delta: dict[str, Any], choice: int) -> Iterator[Event]:
    """Thoughts, text, refusal, sound and pictures of a delta or a message."""
    if thought := delta.get("reasoning_content") or delta.get("reasoning"):
        yield ThoughtDelta(str(thought), maker=NAME, choice=choice)
    content = delta.get("content")
    if isinstance(content, str):
        if content:
            yield TextDelta(content, choice)
    elif content:
        yield from _parts(content, choice)
    if refusal := delta.get("refusal"):
        yield RefusalDelta(str(refusal), choice)
    if audio := delta.get("audio"):
        if audio.get("data"):
            yield MediaMade(Media("audio/*", base64=audio["data"], name=audio.get("id") or ""), choice)
        if beside := {key: value for key, value in audio.items() if key != "data"}:
            yield Extra("audio", beside, choice)
    for image in delta.get("images") or ():
        yield MediaMade(media((image.get("image_url") or {}).get("url") or "", "image/*"), choice)


def _parts(content: Any, choice: int) -> Iterator[Event]:
    """A list of parts: Magistral's thinking comes so, and turns to a plain string in the same stream."""
    for part in content if isinstance(content, list) else [content]:
        if not isinstance(part, dict):
            continue
        if part.get("type") == "thinking":
            pieces = part.get("thinking") or ()
            texts = [pieces] if isinstance(pieces, str) else [p.get("text") or "" for p in pieces]
            if thought := "".join(texts):
                yield ThoughtDelta(thought, maker=NAME, choice=choice)
        elif part.get("text"):
            yield TextDelta(str(part["text"]), choice)


def read_whole(body: bytes) -> list[Event]:
    """A plain body is one chunk whose choices hold messages. Raises ``Malformed``."""
    parsed = loads(body)
    if not has_error(parsed) and not isinstance(parsed.get("choices"), list):
        if "message" in parsed or "detail" in parsed:
            return [ProviderError(error_facts(parsed, body))]
        raise Malformed("an answer without choices")
    reader = ChunkReader()
    try:
        return list(reader._chunk(parsed))
    except ODD as exc:
        raise Malformed(f"not an answer: {body[:80]!r}") from exc


__all__ = [
    "DONE",
    "ODD",
    "CallNumbers",
    "ChunkReader",
    "Media",
    "finish_reason",
    "has_error",
    "loads",
    "read_whole",
    "usage_of",
]
