"""Reading Ollama's native chat: what recordings say is what we read, and the oddities they do not show."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import load
from tests.wires.reading import JSON, completion, cut, events, flags, frames, stream_events
from wallascli.vocab.chat import ToolCall, Usage
from wallascli.vocab.events import (
    Finished,
    FinishReason,
    LogprobsReported,
    ProviderError,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
    fold,
)
from wallascli.vocab.models import Modality, Operation
from wallascli.wires import WIRES
from wallascli.wires.base import Glance, Malformed
from wallascli.wires.ollama import OUT, WIRE

TWO_CALLS = "ollama/chat-tools-stream-qwen3-4b-rig-14b959.json"
SMALL_STREAM = "ollama/chat-stream-gemma3-1b-langchaingo-fa883f.json"
HARBOR = "lookup_harbor_label"


def line(**fields: Any) -> bytes:
    whole = {"model": "m", "created_at": "2026-08-05T08:11:03.181289Z", "done": False, **fields}
    return orjson.dumps(whole) + b"\n"


# What the recordings say, read by eye


def test_the_wire_is_found_by_its_name() -> None:
    assert WIRES["ollama"] is WIRE


def test_a_short_stream() -> None:
    answer = completion(OUT, SMALL_STREAM)
    assert answer.started == Started(model="gemma3:1b", created=1755697682)
    assert answer.first.text == "Hello there! How can I help you today? 😊"
    assert answer.first.finish == Finished(FinishReason.STOP, "stop")
    assert answer.usage == Usage(input=11, output=12)


def test_a_plain_answer_whose_prompt_was_cached() -> None:
    answer = completion(OUT, "ollama/chat-llama3-openllmetry-83f33e.json")
    assert answer.first.text.startswith("A joke about OpenTelemetry! Here it is:\n\nWhy did")
    assert answer.usage == Usage(input=0, output=79)


def test_an_answer_cut_by_num_predict() -> None:
    answer = completion(OUT, "ollama/chat-qwen3-4b-rig-c388fd.json")
    assert answer.first.finish == Finished(FinishReason.LENGTH, "length")
    assert answer.usage == Usage(input=42, output=24)


def test_two_calls_in_two_lines_end_with_stop_and_are_tool_calls() -> None:
    answer = completion(OUT, TWO_CALLS)
    assert answer.first.tool_calls == (
        ToolCall("call_REDACTED_1", HARBOR, "{}"),
        ToolCall("call_REDACTED_2", "lookup_orchard_label", "{}"),
    )
    assert answer.first.finish == Finished(FinishReason.TOOL_CALLS, "stop")
    assert answer.usage == Usage(input=262, output=473)


def test_eight_calls_in_one_plain_answer() -> None:
    calls = completion(OUT, "ollama/chat-tools-qwen3-4b-rig-3359ea.json").first.tool_calls
    assert [call.id for call in calls] == [f"call_REDACTED_{i}" for i in range(1, 9)]
    assert [(call.name, call.arguments) for call in calls[:2]] == [
        ("add", '{"a":4,"b":6}'),
        ("multiply", '{"a":10,"b":2}'),
    ]


def test_arguments_keep_the_order_in_which_the_model_wrote_them() -> None:
    (call,) = completion(OUT, "ollama/chat-tools-stream-qwen3-4b-rig-3d67f2.json").first.tool_calls
    assert call.arguments == '{"y":3,"x":2}'


def test_thinking_is_kept_apart_from_the_answer() -> None:
    answer = completion(OUT, "ollama/reasoning-stream-qwen3-6-latest-openinference-056cd7.json")
    assert answer.first.text == "1\n2\n3\n4\n5"
    assert answer.first.thought.startswith("Here's a thinking process")
    assert answer.first.thought.endswith("response.✅\n   [Proceeds]")
    assert answer.usage == Usage(input=21, output=889)


def test_json_mode_gives_json() -> None:
    assert completion(OUT, "ollama/structured-gemma3-1b-langchaingo-e2da5b.json").first.text == '{"answer": "600"}'


def test_an_unknown_model_is_an_error_with_its_words() -> None:
    (error,) = events(OUT, load("ollama/error-404-nonexistent-model-latest-openinference-d00724.json")[0])
    assert isinstance(error, ProviderError)
    assert error.facts.message == "model 'nonexistent-model:latest' not found"


# Streams, whatever they look like


@pytest.mark.parametrize("size", [*range(1, 64), 1000])
def test_reading_does_not_depend_on_packet_size(size: int) -> None:
    body = load(SMALL_STREAM)[0].body
    assert stream_events(OUT, cut(body, size)) == stream_events(OUT, [body])


def test_the_last_line_needs_no_line_end() -> None:
    body = load(SMALL_STREAM)[0].body.rstrip()
    assert fold(stream_events(OUT, [body])).first.finish is not None


def test_empty_lines_mean_nothing() -> None:
    reader = OUT.reader()
    assert reader.feed(b"\n") == []
    assert OUT.glance(b"\r\n") is Glance.NOTHING


def test_a_plain_answer_may_come_as_the_lines_of_a_stream() -> None:
    body = load(SMALL_STREAM)[0].body
    assert fold(OUT.read_whole(body)) == completion(OUT, SMALL_STREAM)


def test_a_stream_without_done_has_no_finish() -> None:
    body = b"".join(frames(OUT, [load(SMALL_STREAM)[0].body])[:-1])
    answer = fold(stream_events(OUT, [body]))
    assert answer.first.text.startswith("Hello there!")
    assert answer.first.finish is None
    assert answer.usage is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("load", FinishReason.STOP),
        ("unload", FinishReason.STOP),
        ("something new", FinishReason.STOP),
    ],
)
def test_every_done_reason_is_an_end(raw: str, reason: FinishReason) -> None:
    *_, last = OUT.reader().feed(line(done=True, done_reason=raw, message={"role": "assistant", "content": ""}))
    assert last == Finished(reason, raw)


def test_done_without_a_reason_is_a_stop() -> None:
    *_, last = OUT.reader().feed(line(done=True))
    assert last == Finished(FinishReason.STOP, "stop")


def test_a_call_cut_by_length_stays_a_length() -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    *_, last = OUT.reader().feed(line(message={"tool_calls": [call]}, done=True, done_reason="length"))
    assert last == Finished(FinishReason.LENGTH, "length")


def test_usage_is_not_invented() -> None:
    assert not any(isinstance(event, UsageReported) for event in OUT.reader().feed(line(done=True)))


def test_a_missing_call_id_is_made_the_same_way_each_time_and_differs_by_turn_and_call() -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}

    def ids(created_at: str) -> list[str]:
        found = OUT.reader().feed(line(created_at=created_at, message={"tool_calls": [call, call]}))
        return [event.id for event in found if isinstance(event, ToolCallStarted)]

    first, second = ids("2026-08-05T08:11:03Z"), ids("2026-08-05T08:12:03Z")
    assert first == ids("2026-08-05T08:11:03Z")
    assert len({*first, *second}) == 4
    assert all(call_id.startswith("call_") for call_id in first)


def test_arguments_lose_no_digit() -> None:
    number = 2**70 + 1
    frame = f'{{"message":{{"tool_calls":[{{"function":{{"name":"f","arguments":{{"n":{number}}}}}}}]}}}}'.encode()
    deltas = [event for event in OUT.reader().feed(frame) if isinstance(event, ToolCallDelta)]
    assert deltas == [ToolCallDelta(0, f'{{"n":{number}}}')]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [({}, "{}"), (None, "{}"), ("", "{}"), ('{"a": 1}', '{"a": 1}'), ({"é": "😊"}, '{"é":"😊"}')],
)
def test_arguments_become_the_text_of_an_object(arguments: Any, text: str) -> None:
    call = {"id": "x", "function": {"name": "f", "arguments": arguments}}
    _, started, delta = OUT.reader().feed(line(message={"tool_calls": [call]}))
    assert started == ToolCallStarted(0, "x", "f")
    assert delta == ToolCallDelta(0, text)


def test_logprobs_come_in_openais_shape() -> None:
    entry = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": [{"token": "Hi", "logprob": -0.1}]}
    found = OUT.reader().feed(line(message={"content": "Hi"}, logprobs=[entry]))
    assert found[1:] == [TextDelta("Hi"), LogprobsReported({"content": [entry]})]


def test_an_error_line_in_a_stream_is_a_provider_error() -> None:
    frame = b'{"error":"an error was encountered while running the model: out of memory"}\n'
    (error,) = OUT.reader().feed(frame)
    assert isinstance(error, ProviderError)
    assert error.facts.message.endswith("out of memory")
    assert error.facts.raw == frame.strip()


@pytest.mark.parametrize(
    "frame",
    [
        b'{"model":"m","mess',
        b"[1,2]",
        b"<html>",
        b'"text"',
        b'{"message":7}',
        b'{"message":{"tool_calls":{"a":1}}}',
        b'{"message":{"tool_calls":[{"name":"f"}]}}',
    ],
)
def test_what_is_not_of_this_wire_is_malformed(frame: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.reader().feed(frame)
    with pytest.raises(Malformed):
        OUT.read_whole(frame)


KEYS = "model created_at done done_reason eval_count prompt_eval_count logprobs error".split()
CALL = st.fixed_dictionaries(
    {}, optional={"id": JSON, "function": JSON | st.fixed_dictionaries({"arguments": JSON})}
)
MESSAGE = st.fixed_dictionaries(
    {}, optional={"content": JSON, "thinking": JSON, "tool_calls": JSON | st.lists(CALL)}
)


@given(st.fixed_dictionaries({"message": JSON | MESSAGE}, optional=dict.fromkeys(KEYS, JSON)))
def test_no_object_breaks_a_reader_but_as_malformed(whole: dict[str, Any]) -> None:
    frame = json.dumps(whole).encode()
    for read in (OUT.reader().feed, OUT.glance, OUT.read_whole):
        with suppress(Malformed):
            read(frame)


@pytest.mark.parametrize(
    "file", [TWO_CALLS, SMALL_STREAM, "ollama/chat-tools-stream-qwen3-4b-rig-947735.json"], ids=str
)
def test_a_glance_sees_in_each_frame_what_the_reader_reads_in_it(file: str) -> None:
    reader = OUT.reader()
    for frame in frames(OUT, [load(file)[0].body]):
        seen = flags(reader.feed(frame))
        assert OUT.glance(frame) == (seen | Glance.DONE if Glance.FINISH in seen else seen)


def test_a_glance_sees_an_error_and_refuses_what_does_not_parse() -> None:
    assert OUT.glance(b'{"error":"x"}\n') == Glance.ERROR
    with pytest.raises(Malformed):
        OUT.glance(b'{"model":')


# Listings


def test_the_recorded_listing_of_a_server_without_capabilities() -> None:
    cards = {c.id: c for c in OUT.read_listing(load("ollama/models-list-rig-886bd6.json")[0].body, "ollama")}
    assert list(cards) == ["all-minilm:latest", "qwen3:4b", "gemma3:4b", "llava:latest", "llama3.2:latest"]
    assert cards["all-minilm:latest"].operation is Operation.EMBED
    assert cards["llava:latest"].takes == {Modality.TEXT, Modality.IMAGE}
    assert cards["qwen3:4b"].tools is None
    assert all(card.listed and not card.leaves_machine and card.provider == "ollama" for card in cards.values())


def test_capabilities_and_window_are_read() -> None:
    listing = {
        "models": [
            {
                "name": "qwen3-vl:8b",
                "capabilities": ["completion", "vision", "tools", "thinking"],
                "details": {"context_length": 262144},
            },
            {"name": "embeddinggemma", "capabilities": ["embedding"], "details": {"families": ["gemma3"]}},
            {"model": "tiny", "capabilities": ["completion"]},
        ]
    }
    vision, embedding, tiny = OUT.read_listing(orjson.dumps(listing), "ollama")
    assert (vision.context, vision.tools, vision.reasoning) == (262144, True, True)
    assert vision.takes == {Modality.TEXT, Modality.IMAGE}
    assert embedding.operation is Operation.EMBED
    assert (tiny.id, tiny.tools, tiny.reasoning, tiny.context) == ("tiny", False, False, None)


@pytest.mark.parametrize("details", [{"family": "nomic-bert"}, {"families": ["bert"]}])
def test_a_family_of_encoders_is_for_embeddings(details: dict[str, Any]) -> None:
    (card,) = OUT.read_listing(orjson.dumps({"models": [{"name": "m", "details": details}]}), "ollama")
    assert card.operation is Operation.EMBED


@pytest.mark.parametrize(
    "item",
    [
        {"name": "gpt-oss:120b-cloud"},
        {"name": "glm-4.7:cloud"},
        {"name": "mine", "remote_host": "https://ollama.com:443"},
        {"name": "mine", "remote_model": "gpt-oss:120b"},
        {"name": "mine", "model": "kimi-k2:1t-cloud"},
    ],
)
def test_a_model_with_any_sign_of_the_cloud_leaves_the_machine(item: dict[str, str]) -> None:
    (card,) = OUT.read_listing(orjson.dumps({"models": [item]}), "ollama")
    assert card.leaves_machine


DETAILS = ["context_length", "family", "families"]
LISTED = st.fixed_dictionaries(
    {"name": JSON},
    optional={"details": JSON | st.dictionaries(st.sampled_from(DETAILS), JSON), "capabilities": JSON},
)


@given(st.lists(LISTED) | JSON)
def test_no_listing_breaks_the_reader_but_as_malformed(models: Any) -> None:
    with suppress(Malformed):
        OUT.read_listing(json.dumps({"models": models}).encode(), "ollama")


def test_an_empty_listing_is_a_listing_and_another_body_is_malformed() -> None:
    assert OUT.read_listing(b'{"models":null}', "ollama") == []
    for body in (b"<html>", b'{"models":7}'):
        with pytest.raises(Malformed):
            OUT.read_listing(body, "ollama")
