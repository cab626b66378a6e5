"""JSON of any shape from a provider is an answer or malformed, never a surprise; and what writers must not lose."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.vocab.chat import ChatRequest, Media, Usage
from wallascli.vocab.events import Event, Extra, MediaMade, TextDelta, ToolCallStarted, UsageReported, fold
from wallascli.wires.base import Label, Malformed
from wallascli.wires.openai_chat import IN, OUT

KEYS = (
    "id choices delta message content tool_calls function name arguments index usage prompt_tokens x_groq error "
    "prompt_tokens_details audio data images image_url url finish_reason logprobs reasoning thinking type text"
).split()
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3)
ODD = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
CHOICE = st.fixed_dictionaries({}, optional=dict.fromkeys(["index", "delta", "message", "finish_reason"], ODD))
CHUNK = st.fixed_dictionaries(
    {"choices": ODD | st.lists(CHOICE, max_size=2)}, optional=dict.fromkeys(["usage", "id", "x_groq", "error"], ODD)
)
LABEL = Label("chatcmpl-1", "m", 7)
REQUEST = ChatRequest("m", (), stream=True, include_usage=True)


@given(CHUNK, CHUNK)
def test_any_json_is_read_or_malformed(first: Any, second: Any) -> None:
    reader = OUT.reader()
    frames = [b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in (first, second)]
    for frame in frames:
        try:
            events = reader.feed(frame)
            OUT.glance(frame)
        except Malformed:
            continue
        IN.render_whole(fold(events), LABEL)
    IN.join(frames)


@given(CHUNK)
def test_so_is_any_plain_body(body: Any) -> None:
    raw = orjson.dumps(body)
    try:
        OUT.glance_whole(raw)
        completion = fold(OUT.read_whole(raw))
    except Malformed:
        return
    IN.render_whole(completion, LABEL)


def whole(*events: Event) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(IN.render_whole(fold(events), LABEL))
    return body


def streamed(*events: Event) -> list[dict[str, Any]]:
    writer = IN.writer(REQUEST, LABEL)
    text = (writer.write(events) + writer.end()).decode()
    return [json.loads(frame[6:]) for frame in text.split("\n\n") if frame not in ("", "data: [DONE]")]


PARTS = [base64.b64encode(part).decode() for part in (b"ab", b"cde")]
SOUND = [MediaMade(Media("audio/L16;rate=24000", base64=part)) for part in PARTS]


def test_sound_of_another_wire_reaches_the_client() -> None:
    """Gemini's comes in several parts, each encoded by itself: glued as they are they could not be decoded."""
    assert base64.b64decode(whole(*SOUND)["choices"][0]["message"]["audio"]["data"]) == b"abcde"
    deltas = [choice["delta"] for chunk in streamed(*SOUND) for choice in chunk["choices"]]
    pieces = [delta["audio"]["data"] for delta in deltas if "audio" in delta]
    assert b"".join(map(base64.b64decode, pieces)) == b"abcde"


def test_what_stands_beside_a_sound_stays_with_it() -> None:
    made = MediaMade(Media("audio/*", base64="QUJD", name="audio_1"))
    said = whole(made, Extra("audio", {"id": "audio_1", "transcript": "hi", "expires_at": 9}))
    expected = {"id": "audio_1", "data": "QUJD", "transcript": "hi", "expires_at": 9}
    assert said["choices"][0]["message"]["audio"] == expected


def test_what_was_written_into_a_cache_is_told() -> None:
    usage = UsageReported(Usage(input=100, output=5, cached=60, cache_written=20))
    expected = {"cached_tokens": 60, "cache_write_tokens": 20}
    assert whole(TextDelta("a"), usage)["usage"]["prompt_tokens_details"] == expected
    assert streamed(TextDelta("a"), usage)[-1]["usage"]["prompt_tokens_details"] == expected


@pytest.mark.parametrize("given_id", ["", "call_7"])
def test_every_call_has_an_id_of_its_own(given_id: str) -> None:
    calls = [ToolCallStarted(0, given_id, "add"), ToolCallStarted(1, "", "add")]
    plain = [call["id"] for call in whole(*calls)["choices"][0]["message"]["tool_calls"]]
    deltas = [choice["delta"] for chunk in streamed(*calls) for choice in chunk["choices"]]
    assert plain == [call["id"] for delta in deltas for call in delta.get("tool_calls", ())]
    assert len(set(plain)) == 2
    assert all(plain)
    assert plain[0] == given_id or not given_id
