"""Reading Gemini's answers into events: streams, plain bodies, arrays of chunks (a stream without ``alt=sse``)."""

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
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.wires.base import Malformed
from wallascli.wires.errors import error_facts
from wallascli.wires.framing import Framing, sse_data
from wallascli.wires.gemini_contents import NAME

# google-genai 3.3.0 FinishReason. A word we have not heard of ends an answer in an unknown way: an error.
_REASONS = (
    {"STOP": FinishReason.STOP}
    | dict.fromkeys(("MAX_TOKENS", "CONTINUATION"), FinishReason.LENGTH)
    | dict.fromkeys(
        (
            "SAFETY RECITATION LANGUAGE BLOCKLIST PROHIBITED_CONTENT SPII IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT "
            "IMAGE_RECITATION MODEL_ARMOR ESCALATION"
        ).split(),
        FinishReason.CONTENT_FILTER,
    )
    | dict.fromkeys(
        (
            "OTHER MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE "
            "MALFORMED_RESPONSE IMAGE_OTHER NO_IMAGE PUP_LIMITED_DISABLED FINISH_REASON_UNSPECIFIED"
        ).split(),
        FinishReason.ERROR,
    )
)
# Numbers for words, where somebody asked for ``enum-encoding=int`` (gemini/chat-gemini-2-0-flash-langchaingo).
_NUMBERED = dict(enumerate("FINISH_REASON_UNSPECIFIED STOP MAX_TOKENS SAFETY RECITATION OTHER".split()))
_BESIDE = ("groundingMetadata", "citationMetadata", "urlContextMetadata", "finishMessage")
_OF_TEXT = frozenset({"text", "thought", "thoughtSignature"})


def chunks(data: bytes) -> list[dict[str, Any]]:
    """The chunks in a frame's data or in a body: one, or an array of them. Raises ``Malformed``."""
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise Malformed(f"not JSON: {data[:80]!r}") from exc
    listed = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(chunk, dict) for chunk in listed):
        raise Malformed(f"not an object: {data[:80]!r}")
    return listed


def payload(frame: bytes) -> bytes | None:
    """The JSON of a frame; also of a body that is plain JSON under the label of an event stream.

    Errors come so (gemini/error-400-gemini-1-5-flash-req-llm-b33ff1).
    """
    if frame.startswith(b"data: ") and frame.find(b"\r") == len(frame) - 4 == frame.find(b"\n") - 1:
        return frame[6:-4]  # one line that ends in CRLF, as Google sends them
    data = sse_data(frame)
    if data is None and frame.lstrip()[:1] in (b"{", b"["):
        return frame
    return data if data and data != b"[DONE]" else None


class ChunkReader:
    """One stream's state."""

    __slots__ = ("_beside", "_calls", "_held", "_id", "_started", "_usage")

    def __init__(self) -> None:
        self._started = False
        self._id = ""
        self._calls: dict[int, int] = {}
        self._beside: dict[int, list[Any]] = {}
        self._held: dict[int, Finished] = {}
        self._usage: Usage | None = None

    def feed(self, frame: bytes) -> list[Event]:
        data = payload(frame)
        return self.read(data) if data is not None else []

    def read(self, data: bytes) -> list[Event]:
        """The events of a frame's data or of a whole body."""
        try:
            return [event for chunk in chunks(data) for event in self._chunk(chunk)]
        except (AttributeError, KeyError, TypeError) as exc:
            raise Malformed(f"not shaped like an answer: {data[:80]!r}") from exc

    def end(self) -> list[Event]:
        held, self._held = self._held, {}
        return list(held.values())

    def _chunk(self, chunk: dict[str, Any]) -> Iterator[Event]:
        if chunk.get("error"):
            yield ProviderError(error_facts(chunk, orjson.dumps(chunk)))
            return
        if not self._started and (chunk.get("responseId") or chunk.get("modelVersion")):
            self._started, self._id = True, chunk.get("responseId") or ""
            yield Started(self._id, chunk.get("modelVersion") or "")
        for place, candidate in enumerate(chunk.get("candidates") or ()):
            yield from self._candidate(candidate, candidate.get("index", place))
        if figures := chunk.get("usageMetadata"):
            yield from self._figures(usage_of(figures))
        feedback = chunk.get("promptFeedback") or {}
        if reason := feedback.get("blockReason"):
            yield Extra("promptFeedback", feedback, choice=-1)
            if not chunk.get("candidates"):
                yield Finished(FinishReason.CONTENT_FILTER, str(reason))

    def _figures(self, usage: Usage) -> Iterator[Event]:
        if usage != self._usage:
            self._usage = usage
            yield UsageReported(usage)

    def _candidate(self, candidate: dict[str, Any], index: int) -> Iterator[Event]:
        if not isinstance(index, int):
            raise TypeError("an index is a number")
        content = candidate.get("content") or {}
        for part in content.get("parts") or ():
            self._held.pop(index, None)  # it went on: that STOP was not the end, and a cut from here on is a cut
            yield from self._part(part, index)
        for name in _BESIDE:
            if candidate.get(name):
                yield Extra(name, candidate[name], index)
        if result := candidate.get("logprobsResult"):
            yield LogprobsReported({"content": list(_logprobs(result))}, index)
        if raw := candidate.get("finishReason"):
            yield from self._finish(raw, index)

    def _part(self, part: dict[str, Any], index: int) -> Iterator[Event]:
        signature = part.get("thoughtSignature") or ""
        if call := part.get("functionCall"):
            yield from self._call(call, signature, index)
        elif "inlineData" in part and not part.get("thought"):
            held = part["inlineData"]
            yield MediaMade(Media(held["mimeType"], base64=held["data"]), index)
        elif part.keys() <= _OF_TEXT:
            yield from _said(part.get("text") or "", signature, bool(part.get("thought")), index)
        else:
            # Tools that ran at Google's (executableCode, …), pictures drawn while thinking.
            self._beside.setdefault(index, []).append(part)
            yield Extra("server_parts", list(self._beside[index]), index)

    def _call(self, call: dict[str, Any], signature: str, choice: int) -> Iterator[Event]:
        """Calls have no id before 3: one is made of the answer's own, so that it differs from turn to turn."""
        index = self._calls.get(choice, 0)
        self._calls[choice] = index + 1
        made = f"call_{self._id or 'gemini'}_{choice}_{index}"
        yield ToolCallStarted(index, call.get("id") or made, call["name"], signature, NAME, choice)
        yield ToolCallDelta(index, orjson.dumps(call.get("args") or {}).decode(), choice)

    def _finish(self, raw: str | int, index: int) -> Iterator[Event]:
        word = _NUMBERED.get(raw, str(raw)) if isinstance(raw, int) else raw
        reason = _REASONS.get(word, FinishReason.ERROR)
        if reason is FinishReason.STOP and self._calls.get(index):
            reason = FinishReason.TOOL_CALLS
        finished = Finished(reason, word, choice=index)
        if index in self._beside:
            # More may follow a STOP where Google ran code (gemini/reasoning-stream-gemini-2-5-flash-rig-a3d6d7).
            self._held[index] = finished
        else:
            yield finished


def _said(text: str, signature: str, thought: bool, choice: int) -> Iterator[Event]:
    """From 3 on the signature may stand on the answer's last text, often an empty one: it is a thought's."""
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    if text and not thought:
        yield TextDelta(text, choice)
    if signature or (text and thought):
        yield ThoughtDelta(text if thought else "", signature, NAME, choice=choice)


def usage_of(figures: Json) -> Usage:
    """Thinking is counted beside the candidates, and what Google's own tools read beside the prompt."""
    thoughts = figures.get("thoughtsTokenCount") or 0
    return Usage(
        input=(figures.get("promptTokenCount") or 0) + (figures.get("toolUsePromptTokenCount") or 0),
        output=(figures.get("candidatesTokenCount") or 0) + thoughts,
        cached=figures.get("cachedContentTokenCount") or 0,
        reasoning=thoughts,
    )


def _logprobs(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    tops = result.get("topCandidates") or []
    for place, chosen in enumerate(result.get("chosenCandidates") or ()):
        others = (tops[place].get("candidates") or ()) if place < len(tops) else ()
        yield _token(chosen) | {"top_logprobs": [_token(other) for other in others]}


def _token(candidate: dict[str, Any]) -> dict[str, Any]:
    token = candidate.get("token") or ""
    return {"token": token, "logprob": candidate.get("logProbability", 0.0), "bytes": list(token.encode())}


def read_whole(body: bytes) -> list[Event]:
    """A plain answer, whatever its label: JSON, an array of chunks, or an event stream."""
    reader = ChunkReader()
    if body.lstrip()[:1] in (b"{", b"["):
        return reader.read(body) + reader.end()
    framer = Framing.SSE.framer()
    frames = [*framer.feed(body), framer.rest()]
    if not any(payload(frame) for frame in frames):
        raise Malformed(f"not an answer: {body[:80]!r}")
    return [event for frame in frames for event in reader.feed(frame)] + reader.end()
