"""Cohere, the asking half: what its recorded answers say, and that no cut, label or shape hides it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import Exchange, load, recorded
from tests.wires.cohere_said import RECORDED
from tests.wires.cutting import assert_cuts_leave_no_trace, frames, read
from tests.wires.said import said
from wallascli.vocab.chat import Usage
from wallascli.vocab.events import (
    Choice,
    Event,
    Finished,
    FinishReason,
    LogprobsReported,
    ProviderError,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    fold,
)
from wallascli.vocab.models import Modality, ModelCard, Operation, Status
from wallascli.wires.base import Glance, Malformed
from wallascli.wires.cohere import OUT


def exchange(name: str, index: int = 0) -> Exchange:
    return load(f"cohere/{name}.json")[index]


def events(one: Exchange) -> list[Event]:
    return read(OUT, one.chunks) if one.streamed else OUT.read_whole(one.body)


def sse(*told: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in told)


def text(piece: str, **beside: Any) -> dict[str, Any]:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": piece}}}} | beside


def ended(**delta: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": delta}


STREAMS = [key for key in RECORDED if exchange(*key).streamed]


def test_every_recorded_answer_was_read_by_hand() -> None:
    spoken = {
        (one.file.removeprefix("cohere/").removesuffix(".json"), one.index)
        for file in recorded()
        for one in load(file)
        if file.startswith("cohere/") and one.status == 200 and one.url.endswith("/v2/chat")
    }
    assert spoken == set(RECORDED)


@pytest.mark.parametrize("key", RECORDED, ids=str)
def test_an_answer_says_what_is_in_its_recording(key: tuple[str, int]) -> None:
    assert said(fold(events(exchange(*key)))) == RECORDED[key]


@pytest.mark.parametrize("key", STREAMS, ids=str)
def test_reading_does_not_depend_on_packet_size(key: tuple[str, int]) -> None:
    assert_cuts_leave_no_trace(OUT, exchange(*key).body)


@pytest.mark.parametrize("key", STREAMS, ids=str)
def test_a_glance_sees_what_reading_finds(key: tuple[str, int]) -> None:
    reader = OUT.reader()
    for frame in frames(OUT, exchange(*key).chunks):
        found, seen = reader.feed(frame), OUT.glance(frame)
        assert (Glance.TEXT in seen) == any(isinstance(e, TextDelta) for e in found)
        assert (Glance.THOUGHT in seen) == any(isinstance(e, ThoughtDelta) for e in found)
        assert (Glance.FINISH in seen) == any(isinstance(e, Finished) for e in found)
        if Glance.CALL in seen:
            assert any(isinstance(e, ToolCallStarted | ToolCallDelta) for e in found)
        assert (Glance.DONE in seen) == (frame == b"data: [DONE]\n\n")


@pytest.mark.parametrize("key", STREAMS, ids=str)
def test_a_stream_under_the_label_of_a_plain_answer_is_read_all_the_same(key: tuple[str, int]) -> None:
    one = exchange(*key)
    assert OUT.read_whole(one.body) == read(OUT, [one.body])


def test_answers_are_named_and_the_model_is_not_told() -> None:
    found = events(exchange("chat-stream-command-openllmetry-14d40a"))
    assert found[0] == Started("599ae0aa-0ef6-49e4-b7f4-e2fafc40ca2c")
    plain = events(exchange("chat-command-openllmetry-8e6ea7"))
    assert plain[0] == Started("83e3e297-264b-478e-9b22-5058386292ed")


def test_calls_keep_cohere_s_ids() -> None:
    answer = fold(events(exchange("chat-tools-command-a-03-2025-ruby-llm-efa14f")))
    assert [call.id for call in answer.first.tool_calls] == [
        "dice_roll_x9cnzmemn5h2",
        "dice_roll_8trmzqnee472",
        "dice_roll_wwc18814ar3c",
    ]


def test_a_streamed_call_without_arguments_has_empty_ones_as_a_plain_one_has() -> None:
    one = exchange("chat-tools-stream-command-a-03-2025-ruby-llm-687e74")
    assert b"tool-call-delta" not in one.body
    assert [call.arguments for call in fold(events(one)).first.tool_calls] == ["{}"]


def test_arguments_are_as_the_model_wrote_them() -> None:
    one = exchange("chat-tools-stream-command-a-03-2025-rig-bd2665")
    (call,) = fold(events(one)).first.tool_calls
    assert '{"x": 2, "y": 5}' in call.arguments.replace("\n", "")


def test_citations_are_kept_beside_the_answer_in_a_stream_and_out_of_one() -> None:
    plain = fold(events(exchange("pdf-command-a-plus-05-2026-ruby-llm-0e114e"))).first.extra["citations"]
    assert [(c["start"], c["end"]) for c in plain] == [(68, 86), (90, 95), (109, 119), (122, 152), (180, 254)]
    stream = fold(events(exchange("reasoning-stream-command-a-plus-05-2026-ruby-llm-c6b426"))).first
    assert [c["text"] for c in stream.extra["citations"]] == ["Yukihiro Matsumoto", "1993."]


def test_what_was_billed_is_kept_beside_the_tokens() -> None:
    answer = fold(events(exchange("chat-command-a-03-2025-rig-26322e")))
    assert answer.extra == {"billed_units": {"input_tokens": 8, "output_tokens": 10}}


REASONS = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "ERROR": FinishReason.ERROR,
    "TIMEOUT": FinishReason.ERROR,
    "A_WORD_OF_TOMORROW": FinishReason.ERROR,
}


@pytest.mark.parametrize(("raw", "reason"), REASONS.items())
def test_every_finish_reason_has_a_word_of_ours(raw: str, reason: FinishReason) -> None:
    stream = fold(read(OUT, [sse(text("Hi"), ended(finish_reason=raw, usage={}))]))
    plain = {"message": {"content": [{"type": "text", "text": "Hi"}]}, "finish_reason": raw}
    for answer in (stream, fold(OUT.read_whole(json.dumps(plain).encode()))):
        assert answer.first.finish == Finished(reason, raw)
        assert answer.usage is None


def test_a_generation_that_failed_in_a_200_stream_is_an_error_with_its_message() -> None:
    # finish_reason ERROR with an ``error`` and no usage, still HTTP 200 (seen in a recording too large to keep).
    frame = sse(ended(finish_reason="ERROR", error="backend is gone", usage={}))
    told = read(OUT, [sse(text("Hi")), frame])
    assert isinstance(told[-2], ProviderError)
    assert told[-2].facts.message == "backend is gone"
    assert told[-1] == Finished(FinishReason.ERROR, "ERROR")
    assert OUT.glance(frame) == Glance.FINISH | Glance.USAGE | Glance.ERROR


@pytest.mark.parametrize(
    "name", [file for file in recorded() if file.startswith("cohere/error-") and "-v1-" not in file]
)
def test_an_error_body_is_an_error_whatever_its_label(name: str) -> None:
    (one,) = load(name)
    for told in (read(OUT, [one.body]), read(OUT, [b"data: " + one.body + b"\n\n"]), OUT.read_whole(one.body)):
        (error,) = told
        assert isinstance(error, ProviderError)
        assert error.facts.message == json.loads(one.body)["message"]
    assert OUT.glance(one.body) == Glance.ERROR


def test_a_call_with_complete_is_for_the_call() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = {"message": {"tool_calls": [call]}, "finish_reason": "COMPLETE"}
    assert fold(OUT.read_whole(json.dumps(body).encode())).first.finish == Finished(
        FinishReason.TOOL_CALLS, "COMPLETE"
    )


def test_logprobs_come_in_openai_s_shape() -> None:
    item = {"text": "é!", "token_ids": [1, 2], "logprobs": [-0.25, -0.5]}
    token = {"token": "é!", "logprob": -0.75, "bytes": [195, 169, 33], "top_logprobs": []}
    stream = read(OUT, [sse(text("é!", logprobs=item))])
    body = {"message": {"content": [{"type": "text", "text": "é!"}]}, "logprobs": [item, item]}
    assert stream == [TextDelta("é!"), LogprobsReported({"content": [token]})]
    assert fold(OUT.read_whole(json.dumps(body).encode())).first.logprobs == {"content": [token, token]}


def test_figures_may_be_floats() -> None:
    usage = {"tokens": {"input_tokens": 3.0, "output_tokens": 2.0}, "cached_tokens": 1.0}
    answer = fold(read(OUT, [sse(ended(finish_reason="COMPLETE", usage=usage))]))
    assert answer.usage == Usage(3, 2, cached=1)
    assert isinstance(answer.usage.input, int)


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b'"ok"',
        b'{"type": "content-delta"}',
        b'{"type": "content-delta", "delta": {"message": {"content": {"text": 7}}}}',
        b'{"type": "tool-call-start", "delta": {"message": {"tool_calls": {"function": {"name": "f"}}}}}',
        b'{"type": "message-end"}',
    ],
)
def test_what_is_no_event_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.reader().feed(b"data: " + data + b"\n\n")


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"message": {"content": 7}}', b'{"id": "x"}'])
def test_a_body_that_is_none_of_our_shapes_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.read_whole(body)


@pytest.mark.parametrize("frame", [b": hi\n\n", b"event: ping\n\n", b'data: {"type":"debug","prompt":"x"}\n\n'])
def test_frames_without_an_answer_say_nothing(frame: bytes) -> None:
    assert OUT.reader().feed(frame) == []
    assert OUT.glance(frame) == Glance.NOTHING


KINDS = "message-start content-start content-delta tool-plan-delta tool-call-start tool-call-delta tool-call-end"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from(KINDS.split()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type delta message content text thinking tool_calls function name id arguments index usage tokens "
                "input_tokens finish_reason citations tool_plan logprobs error billed_units cached_tokens".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([*KINDS.split(), "citation-start", "message-end", None]))
def test_no_json_breaks_reading_but_as_malformed(value: Any, kind: str | None) -> None:
    told = {"delta": value, "message": {}, "index": 0, "type": kind} if kind else value
    for body, whole in ((sse(told), False), (json.dumps(told).encode(), True)):
        try:
            found = OUT.read_whole(body) if whole else read(OUT, [body])
        except Malformed:
            continue
        assert all(isinstance(choice, Choice) for choice in fold(found).choices)


def test_a_listing_gives_cards() -> None:
    # Shape and names as documented (cohere 7.3.1) and as other programs test against; none is recorded.
    listing = {
        "models": [
            {
                "name": "command-a-03-2025",
                "endpoints": ["chat"],
                "context_length": 288000.0,
                "features": ["json_mode", "strict_tools", "tools", "tool_choice", "citations"],
            },
            {"name": "c4ai-aya-vision-32b", "endpoints": ["chat"], "features": ["logprobs", "vision"]},
            {"name": "command-old", "endpoints": ["generate", "chat"], "features": None, "is_deprecated": True},
            {"name": "embed-v4.0", "endpoints": ["embed", "classify"]},
            {"name": "rerank-v3.5", "endpoints": ["rerank"]},
            {"name": "transcribe", "endpoints": ["transcriptions"]},
            {"name": "rate-me", "endpoints": ["rate"]},
        ]
    }
    cards = {card.id: card for card in OUT.read_listing(json.dumps(listing).encode(), "cohere")}
    assert cards["command-a-03-2025"] == ModelCard(
        "cohere",
        "command-a-03-2025",
        context=288000,
        tools=True,
        structured=True,
        reasoning=False,
        listed=True,
    )
    assert cards["c4ai-aya-vision-32b"].takes == {Modality.TEXT, Modality.IMAGE}
    assert cards["c4ai-aya-vision-32b"].tools is False
    old = cards["command-old"]
    assert (old.status, old.tools, old.structured, old.reasoning) == (Status.DEPRECATED, None, None, None)
    assert [card.operation for card in cards.values()][3:] == [
        Operation.EMBED,
        Operation.RERANK,
        Operation.TRANSCRIBE,
    ]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"message": "no"}', b"x"])
def test_a_listing_without_models_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.read_listing(body, "cohere")
