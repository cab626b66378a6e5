"""Reading Anthropic's streams and bodies, whatever they look like: cut, broken, unknown, out of order."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import load
from tests.wires.reading import JSON, completion, cut, flags, frames, stream_events
from wallascli.vocab.chat import Usage
from wallascli.vocab.events import (
    Extra,
    Finished,
    FinishReason,
    ProviderError,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
    fold,
)
from wallascli.wires.anthropic import OUT
from wallascli.wires.base import Glance, Malformed

THOUGHT_THEN_CALL = "anthropic/messages-thinking-stream-claude-haiku-4-5-20251001-llm-anthropic-b347e9.json"
FORCED_CALL = "anthropic/messages-tools-stream-claude-sonnet-4-5-20250929-req-llm-cdf3cf.json"
SMALL_STREAM = "anthropic/messages-stream-claude-3-haiku-20240307-braintrust-sdk-pyt-8e08c2.json"


def frame(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def whole(*blocks: dict[str, Any], **fields: Any) -> bytes:
    return orjson.dumps({"type": "message", "id": "msg_1", "model": "m", "content": blocks, **fields})


@pytest.mark.parametrize("size", [*range(1, 64), 1000])
@pytest.mark.parametrize("file", [SMALL_STREAM, THOUGHT_THEN_CALL])
def test_reading_does_not_depend_on_packet_size(file: str, size: int) -> None:
    body = load(file)[0].body
    assert stream_events(OUT, cut(body, size)) == stream_events(OUT, [body])


def test_crlf_and_a_missing_last_line_end_are_borne() -> None:
    body = load(SMALL_STREAM)[0].body
    assert fold(stream_events(OUT, [body.replace(b"\n", b"\r\n")])) == completion(OUT, SMALL_STREAM)
    assert fold(stream_events(OUT, [body.rstrip()])) == completion(OUT, SMALL_STREAM)


def test_a_stream_cut_before_its_stop_reason_has_no_finish_but_the_usage_so_far() -> None:
    body = b"".join(frames(OUT, [load(SMALL_STREAM)[0].body])[:4])
    answer = fold(stream_events(OUT, [body]))
    assert answer.first.text == "4"
    assert answer.first.finish is None
    assert answer.usage == Usage(input=19, output=4)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("pause_turn", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("refusal", FinishReason.CONTENT_FILTER),
        ("something_new", FinishReason.STOP),
    ],
)
def test_every_stop_reason_in_a_stream_and_in_a_plain_body(raw: str, reason: FinishReason) -> None:
    delta = {"stop_reason": raw, "stop_sequence": None}
    assert OUT.reader().feed(frame("message_delta", delta=delta))[-1] == Finished(reason, raw)
    assert OUT.read_whole(whole(**delta))[-1] == Finished(reason, raw)


def test_the_stop_sequence_that_matched_is_told() -> None:
    delta = {"stop_reason": "stop_sequence", "stop_sequence": "4242"}
    (finished,) = OUT.reader().feed(frame("message_delta", delta=delta))
    assert finished == Finished(FinishReason.STOP, "stop_sequence", "4242")


def test_why_an_answer_was_refused_is_kept() -> None:
    details = {"type": "refusal", "category": "bio"}
    found = OUT.reader().feed(frame("message_delta", delta={"stop_reason": "refusal", "stop_details": details}))
    assert found == [Extra("stop_details", details), Finished(FinishReason.CONTENT_FILTER, "refusal")]


def test_calls_are_counted_apart_from_blocks() -> None:
    reader = OUT.reader()
    found = []
    for index, name in ((0, None), (1, "f"), (2, "g")):
        block = {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": {}} if name else {"type": "text"}
        found += reader.feed(frame("content_block_start", index=index, content_block=block))
    for index in (2, 1):
        delta = {"type": "input_json_delta", "partial_json": f'{{"n":{index}}}'}
        found += reader.feed(frame("content_block_delta", index=index, delta=delta))
    assert found == [
        ToolCallStarted(0, "toolu_f", "f"),
        ToolCallStarted(1, "toolu_g", "g"),
        ToolCallDelta(1, '{"n":2}'),
        ToolCallDelta(0, '{"n":1}'),
    ]


def test_input_that_came_with_the_start_of_a_block_is_not_lost() -> None:
    block = {"type": "tool_use", "id": "a", "name": "f", "input": {"n": 1}}
    reader = OUT.reader()
    assert reader.feed(frame("content_block_start", index=0, content_block=block)) == [ToolCallStarted(0, "a", "f")]
    assert reader.feed(frame("content_block_stop", index=0)) == [ToolCallDelta(0, '{"n":1}')]


def test_a_block_left_open_is_closed_by_the_end_of_the_message() -> None:
    reader = OUT.reader()
    block = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    reader.feed(frame("content_block_start", index=0, content_block=block))
    found = reader.feed(frame("message_delta", delta={"stop_reason": "tool_use"}))
    assert found == [ToolCallDelta(0, "{}"), Finished(FinishReason.TOOL_CALLS, "tool_use")]


def test_arguments_lose_no_digit() -> None:
    number = 2**70 + 1
    body = f'{{"type":"message","content":[{{"type":"tool_use","id":"a","name":"f","input":{{"n":{number}}}}}]}}'
    assert ToolCallDelta(0, f'{{"n":{number}}}') in OUT.read_whole(body.encode())


def test_usage_is_overwritten_key_by_key_and_never_added() -> None:
    reader = OUT.reader()
    start = {"id": "m", "usage": {"input_tokens": 10, "cache_read_input_tokens": 3, "output_tokens": 1}}
    assert reader.feed(frame("message_start", message=start))[-1] == UsageReported(Usage(13, 1, cached=3))
    later = {"input_tokens": None, "output_tokens": 7}
    assert reader.feed(frame("message_delta", delta={}, usage=later)) == [UsageReported(Usage(13, 7, cached=3))]


def test_usage_is_not_invented() -> None:
    assert not any(isinstance(event, UsageReported) for event in OUT.read_whole(whole()))


@pytest.mark.parametrize(
    "ignored",
    [
        b'event: ping\ndata: {"type": "ping"}\n\n',
        b": a comment\n\n",
        b"event: message_stop\n\n",
        frame("message_stop"),
        frame("content_block_stop", index=9),
        frame("brand_new_event", value=1),
        frame("content_block_delta", index=0, delta={"type": "brand_new_delta"}),
        frame("content_block_delta", index=0, delta={"type": "text_delta", "text": ""}),
    ],
)
def test_what_says_nothing_gives_no_event(ignored: bytes) -> None:
    assert OUT.reader().feed(ignored) == []


def test_an_error_event_is_a_provider_error() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    (found,) = OUT.reader().feed(frame("error", error=error))
    assert isinstance(found, ProviderError)
    assert (found.facts.type, found.facts.message) == ("overloaded_error", "Overloaded")
    assert b"overloaded_error" in found.facts.raw


def test_an_error_without_its_object_is_an_error_too() -> None:
    for found in (
        OUT.reader().feed(frame("error", message="boom")),
        OUT.read_whole(b'{"type":"error","message":"boom"}'),
    ):
        (error,) = found
        assert isinstance(error, ProviderError)
        assert error.facts.message == "boom"


@pytest.mark.parametrize(
    "broken",
    [
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n',
        b"data: [1]\n\n",
        frame("message_start"),
        frame("content_block_start", index=0, content_block="text"),
        frame("content_block_delta", index=0),
        frame("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "{"}),
    ],
)
def test_what_is_not_of_this_wire_is_malformed(broken: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.reader().feed(broken)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"type":"message","content":"text"}', b'{"content":[7]}']
)
def test_a_body_that_is_no_answer_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.read_whole(body)


TYPES = st.sampled_from(
    "text thinking redacted_thinking tool_use server_tool_use text_delta thinking_delta signature_delta "
    "input_json_delta citations_delta".split()
)
FIELDS = "id name input text thinking signature data partial_json citations citation stop_reason usage".split()
INNER = JSON | st.fixed_dictionaries({"type": TYPES}, optional=dict.fromkeys(FIELDS, JSON))
EVENT = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            "message_start content_block_start content_block_delta content_block_stop error".split()
        )
    },
    optional={
        "index": JSON,
        "message": INNER,
        "content_block": INNER,
        "delta": INNER,
        "usage": JSON,
        "error": JSON,
    },
)


@given(st.lists(EVENT, max_size=4), st.fixed_dictionaries({"content": JSON | st.lists(INNER)}))
def test_no_object_breaks_a_reader_but_as_malformed(told: list[dict[str, Any]], body: dict[str, Any]) -> None:
    reader = OUT.reader()
    for event in told:
        data = b"data: " + json.dumps(event).encode() + b"\n\n"
        for read in (reader.feed, OUT.glance):
            with suppress(Malformed):
                read(data)
    with suppress(Malformed):
        OUT.read_whole(json.dumps(body).encode())


@pytest.mark.parametrize("file", [THOUGHT_THEN_CALL, FORCED_CALL, SMALL_STREAM], ids=str)
def test_a_glance_sees_in_each_frame_what_the_reader_reads_in_it(file: str) -> None:
    reader = OUT.reader()
    for each in frames(OUT, [load(file)[0].body]):
        seen = flags(reader.feed(each))
        if b"content_block_stop" in each:
            # Only the reader remembers that a call had no input and says so at the end of its block.
            seen = Glance.NOTHING
        assert OUT.glance(each) == (Glance.DONE if b"message_stop" in each else seen)


def test_a_glance_sees_an_error_and_refuses_what_does_not_parse() -> None:
    assert OUT.glance(frame("error", error={"type": "api_error"})) == Glance.ERROR
    assert OUT.glance(b": comment\n\n") is Glance.NOTHING
    with pytest.raises(Malformed):
        OUT.glance(b'data: {"type":\n\n')
