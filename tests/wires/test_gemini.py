"""Gemini, the asking half: what its recorded answers say, and that no cut, label or shape hides it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import Exchange, load, recorded
from tests.wires.cutting import assert_cuts_leave_no_trace, frames, read
from tests.wires.gemini_said import RECORDED
from tests.wires.said import said
from wallascli.vocab.chat import Media, Usage
from wallascli.vocab.events import (
    Choice,
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
    ToolCallStarted,
    UsageReported,
    fold,
)
from wallascli.vocab.models import Modality, Operation
from wallascli.wires.base import Glance, Malformed
from wallascli.wires.gemini import OUT


def exchange(name: str, index: int = 0) -> Exchange:
    return load(f"gemini/{name}.json")[index]


def events(one: Exchange) -> list[Event]:
    return read(OUT, one.chunks) if one.streamed else OUT.read_whole(one.body)


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in chunks)


def answered(*parts: dict[str, Any], **beside: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    return {"candidates": [candidate | beside], "responseId": "answer-1", "modelVersion": "gemini-3.5-flash"}


STREAMS = [key for key in RECORDED if exchange(*key).streamed]


def test_every_recorded_answer_was_read_by_hand() -> None:
    spoken = {
        (one.file.removeprefix("gemini/").removesuffix(".json"), one.index)
        for file in recorded()
        for one in load(file)
        if file.startswith("gemini/") and one.status == 200 and "enerateContent" in one.url
    }
    assert spoken == set(RECORDED)


@pytest.mark.parametrize("key", RECORDED, ids=str)
def test_an_answer_says_what_is_in_its_recording(key: tuple[str, int]) -> None:
    assert said(fold(events(exchange(*key)))) == RECORDED[key]


@pytest.mark.parametrize("key", RECORDED, ids=str)
def test_tokens_add_up_to_what_gemini_calls_the_total(key: tuple[str, int]) -> None:
    told = json.loads(exchange(*key).body) if not exchange(*key).streamed else None
    if told is None:
        told = [json.loads(frame[6:]) for frame in frames(OUT, exchange(*key).chunks)]
    last = told[-1] if isinstance(told, list) else told
    usage = fold(events(exchange(*key))).usage
    assert usage is not None
    assert usage.total == last["usageMetadata"]["totalTokenCount"]


@pytest.mark.parametrize("key", STREAMS, ids=str)
def test_reading_does_not_depend_on_packet_size(key: tuple[str, int]) -> None:
    assert_cuts_leave_no_trace(OUT, exchange(*key).body)


@pytest.mark.parametrize("key", STREAMS, ids=str)
def test_a_glance_sees_what_reading_finds(key: tuple[str, int]) -> None:
    reader = OUT.reader()
    for frame in frames(OUT, exchange(*key).chunks):
        found, seen = reader.feed(frame), OUT.glance(frame)
        assert (Glance.TEXT in seen) == any(isinstance(e, TextDelta | MediaMade) for e in found)
        assert (Glance.THOUGHT in seen) == any(isinstance(e, ThoughtDelta) and bool(e.text) for e in found)
        assert (Glance.CALL in seen) == any(isinstance(e, ToolCallStarted) for e in found)
        assert Glance.USAGE in seen  # Gemini tells it with every chunk; unchanged figures are told once


@pytest.mark.parametrize("key", STREAMS, ids=str)
def test_a_stream_under_the_label_of_a_plain_answer_is_read_all_the_same(key: tuple[str, int]) -> None:
    one = exchange(*key)
    assert OUT.read_whole(one.body) == read(OUT, [one.body])


def test_a_plain_answer_under_the_label_of_a_stream_is_read_all_the_same() -> None:
    one = exchange("chat-tools-gemini-2-5-flash-fantasy-5b316b", 0)
    assert read(OUT, [one.body]) == OUT.read_whole(one.body)
    assert Glance.CALL in OUT.glance(one.body)


def test_answers_are_named_and_the_usage_is_told_when_it_changes() -> None:
    found = events(exchange("chat-stream-gemini-3-5-flash-chatlas-4f56da"))
    assert [e for e in found if isinstance(e, Started)] == [Started("aYFfavXOBYDQjrEP1JudsA4", "gemini-3.5-flash")]
    told = [e.usage for e in found if isinstance(e, UsageReported)]
    assert told == [Usage(25, 69, reasoning=63), Usage(1487, 215, reasoning=170)]


def test_sources_are_kept_beside_the_answer() -> None:
    extra = fold(events(exchange("chat-stream-gemini-3-5-flash-chatlas-4f56da"))).first.extra
    assert extra["groundingMetadata"]["groundingChunks"][0]["web"]["title"].startswith("Star Wars films")
    assert extra["urlContextMetadata"]["urlMetadata"][0]["retrievedUrl"].endswith("/starwars.html")


def test_code_that_google_ran_is_kept_beside_the_answer_and_no_call_of_ours() -> None:
    first = fold(events(exchange("chat-gemini-2-5-flash-openinference-e50f5c"))).first
    code, outcome = first.extra["server_parts"]
    assert code["executableCode"]["code"].startswith("import math\n")
    assert outcome["codeExecutionResult"]["outcome"] == "OUTCOME_OK"
    assert first.tool_calls == ()


def test_a_stop_in_the_middle_of_a_run_of_code_does_not_end_the_answer() -> None:
    one = exchange("reasoning-stream-gemini-2-5-flash-rig-a3d6d7")
    assert one.body.count(b'"finishReason":"STOP"') == 2
    found = events(one)
    assert [e for e in found if isinstance(e, Finished)] == found[-1:]


def test_a_finish_is_told_at_once_elsewhere() -> None:
    reader = OUT.reader()
    found = reader.feed(sse(answered({"text": "Hi"}, finishReason="STOP")))
    assert Finished(FinishReason.STOP, "STOP") in found
    assert reader.end() == []


def test_pictures_and_sounds_are_media() -> None:
    picture = fold(events(exchange("image-generation-gemini-2-5-flash-image-rig-0ec4cb"))).first.media
    assert [(m.mime, m.kind, len(m.base64), m.base64[:11]) for m in picture] == [
        ("image/png", "image", 1065928, "iVBORw0KGgo")
    ]
    sound = fold(events(exchange("tts-gemini-2-5-flash-preview-tts-ruby-llm-f0d398"))).first.media
    assert [(m.mime, m.kind, len(m.base64)) for m in sound] == [("audio/L16;codec=pcm;rate=24000", "audio", 284864)]


def test_a_picture_drawn_while_thinking_is_no_answer() -> None:
    drawn = {"thought": True, "inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    first = fold(OUT.read_whole(json.dumps(answered(drawn, finishReason="STOP")).encode())).first
    assert first.media == ()
    assert first.extra["server_parts"] == [drawn]


def test_calls_keep_gemini_s_ids_and_get_one_of_the_answer_s_where_there_is_none() -> None:
    told = fold(events(exchange("chat-tools-stream-gemini-3-5-flash-chatlas-d9666e"))).first.tool_calls
    assert [call.id for call in told] == ["s5108oje"]
    made = fold(events(exchange("chat-tools-gemini-2-5-pro-dd-trace-py-1cf3c2", 0))).first.tool_calls
    assert [call.id for call in made] == ["call_68LIaOibB4my1MkP8sn7-Ak_0_0", "call_68LIaOibB4my1MkP8sn7-Ak_0_1"]


def test_made_ids_are_the_same_each_time_and_differ_between_turns() -> None:
    def ids(index: int) -> list[str]:
        one = exchange("chat-tools-stream-gemini-2-5-flash-llm-gemini-71259b", index)
        return [call.id for call in fold(events(one)).first.tool_calls]

    assert ids(0) == ids(0) != ids(1)


def test_the_signature_of_a_call_stays_with_it() -> None:
    found = events(exchange("chat-tools-gemini-2-5-pro-dd-trace-py-1cf3c2", 0))
    started = [e for e in found if isinstance(e, ToolCallStarted)]
    assert [(e.maker, len(e.signature)) for e in started] == [("gemini", 1012), ("gemini", 0)]
    assert [e for e in found if isinstance(e, ThoughtDelta)] == []


def test_the_signature_of_a_text_is_a_thought_without_words() -> None:
    found = OUT.read_whole(json.dumps(answered({"text": "Hi", "thoughtSignature": "c2ln"})).encode())
    assert found[1:] == [TextDelta("Hi"), ThoughtDelta("", "c2ln", "gemini")]


REASONS = {
    FinishReason.STOP: ["STOP"],
    FinishReason.LENGTH: ["MAX_TOKENS", "CONTINUATION"],
    FinishReason.CONTENT_FILTER: [
        *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION"),
    ],
    FinishReason.ERROR: [
        *("OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"),
        *("MISSING_THOUGHT_SIGNATURE", "IMAGE_OTHER", "NO_IMAGE", "PUP_LIMITED_DISABLED", "A_WORD_OF_TOMORROW"),
    ],
}


@pytest.mark.parametrize(
    ("raw", "reason"), [(raw, reason) for reason, raws in REASONS.items() for raw in raws], ids=str
)
def test_every_finish_reason_has_a_word_of_ours(raw: str, reason: FinishReason) -> None:
    body = sse(answered({"text": "Hi"}), answered(finishReason=raw))
    assert fold(read(OUT, [body])).first.finish == Finished(reason, raw)


def test_a_stop_with_a_call_in_an_earlier_chunk_is_for_the_call() -> None:
    body = sse(answered({"functionCall": {"name": "f"}}), answered({"text": ""}, finishReason="STOP"))
    first = fold(read(OUT, [body])).first
    assert first.finish == Finished(FinishReason.TOOL_CALLS, "STOP")
    assert [call.arguments for call in first.tool_calls] == ["{}"]


def test_a_call_cut_off_by_the_limit_is_not_for_the_call() -> None:
    body = sse(answered({"functionCall": {"name": "f"}}, finishReason="MAX_TOKENS"))
    assert fold(read(OUT, [body])).first.finish == Finished(FinishReason.LENGTH, "MAX_TOKENS")


@pytest.mark.parametrize(
    "reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK"]
)
def test_a_blocked_prompt_is_a_filtered_answer(reason: str) -> None:
    # Documented only: no recording holds one.
    body = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 7}}
    answer = fold(OUT.read_whole(json.dumps(body).encode()))
    assert answer.first.finish == Finished(FinishReason.CONTENT_FILTER, reason)
    assert answer.usage == Usage(7, 0)
    assert answer.extra["promptFeedback"] == {"blockReason": reason}
    assert Glance.FINISH in OUT.glance(sse(body))


def test_cached_tokens_are_part_of_the_input() -> None:
    figures = {"promptTokenCount": 100, "cachedContentTokenCount": 80, "candidatesTokenCount": 5}
    answer = fold(read(OUT, [sse({"usageMetadata": figures})]))
    assert answer.usage == Usage(100, 5, cached=80)


def test_two_candidates_are_two_choices() -> None:
    chunk = answered({"text": "one"}, finishReason="STOP")
    chunk["candidates"].append({"content": {"parts": [{"text": "two"}]}, "index": 1, "finishReason": "SAFETY"})
    answer = fold(read(OUT, [sse(chunk)]))
    assert [(c.text, c.finish and c.finish.reason) for c in answer.choices] == [
        ("one", FinishReason.STOP),
        ("two", FinishReason.CONTENT_FILTER),
    ]


def test_logprobs_come_in_openai_s_shape() -> None:
    result = {
        "chosenCandidates": [{"token": "é", "tokenId": 7, "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "é", "logProbability": -0.5}, {"token": "e"}]}],
    }
    found = read(OUT, [sse(answered({"text": "é"}, logprobsResult=result))])
    (told,) = [e for e in found if isinstance(e, LogprobsReported)]
    assert told.logprobs == {
        "content": [
            {
                "token": "é",
                "logprob": -0.5,
                "bytes": [195, 169],
                "top_logprobs": [
                    {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
                    {"token": "e", "logprob": 0.0, "bytes": [101]},
                ],
            }
        ]
    }


def test_an_error_in_the_middle_of_a_stream_is_told_with_its_facts() -> None:
    error = {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
    body = sse(answered({"text": "Hi"}), {"error": error})
    (told,) = [e for e in read(OUT, [body]) if isinstance(e, ProviderError)]
    assert (told.facts.status, told.facts.type, told.facts.message) == (503, "UNAVAILABLE", error["message"])
    assert OUT.glance(frames(OUT, [body])[-1]) == Glance.ERROR


def test_an_error_body_under_the_label_of_a_stream_is_an_error() -> None:
    one = exchange("error-400-gemini-1-5-flash-req-llm-b33ff1")
    for found in (read(OUT, [one.body]), OUT.read_whole(one.body), OUT.read_whole(b"[" + one.body + b"]")):
        (told,) = [e for e in found if isinstance(e, ProviderError)]
        assert told.facts.message == "API key not valid. Please pass a valid API key."
        assert told.facts.details[0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'"ok"',
        b"[1]",
        b'{"candidates": 7}',
        b'{"candidates": [7]}',
        b'{"candidates": [{"content": "x"}]}',
        b'{"candidates": [{"content": {"parts": [{"text": 7}]}}]}',
        b'{"candidates": [{"content": {"parts": [{"functionCall": {"args": {}}}]}}]}',
        b'{"candidates": [{"content": {"parts": [{"inlineData": {}}]}}]}',
        b'{"usageMetadata": {"promptTokenCount": "7"}}',
    ],
)
def test_what_is_no_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.reader().feed(b"data: " + data + b"\n\n")
    with pytest.raises(Malformed):
        OUT.read_whole(data)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\n\n"])
def test_a_body_that_is_none_of_our_shapes_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.read_whole(body)


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_data_on_several_lines_is_one_chunk(end: bytes) -> None:
    line = end[: len(end) // 2]
    frame = b'data: {"responseId":' + line + b'data: "a"}' + end
    assert OUT.reader().feed(frame) == [Started("a")]


@pytest.mark.parametrize("frame", [b": hi\n\n", b"\n\n", b"event: x\n\n", b"data:\n\n", b"data: [DONE]\n\n"])
def test_frames_without_an_answer_say_nothing(frame: bytes) -> None:
    assert OUT.reader().feed(frame) == []
    assert OUT.glance(frame) == Glance.NOTHING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "candidates content parts text thought functionCall name args inlineData mimeType data error index "
                "finishReason usageMetadata promptTokenCount promptFeedback blockReason logprobsResult "
                "chosenCandidates token thoughtSignature responseId".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_breaks_reading_but_as_malformed(value: Any) -> None:
    frame = sse(value)
    try:
        found = read(OUT, [frame])
    except Malformed:
        return
    OUT.glance(frame)
    assert all(isinstance(choice, Choice) for choice in fold(found).choices)


def test_a_listing_gives_cards() -> None:
    cards = {card.id: card for card in OUT.read_listing(exchange("models-list-llm-gemini-05f2ae").body, "gemini")}
    flash = cards["gemini-2.5-flash"]
    assert (flash.name, flash.context, flash.max_output, flash.reasoning, flash.listed) == (
        *("gemini:gemini-2.5-flash", 1048576, 65536, True, True),
    )
    assert flash.takes == frozenset(Modality)
    assert cards["gemma-4-31b-it"].takes == {Modality.TEXT}
    assert cards["gemini-2.0-flash"].reasoning is None
    operations = {card.operation: card.id for card in cards.values()}
    assert operations == {
        Operation.CHAT: "deep-research-pro-preview-12-2025",
        Operation.SPEAK: "gemini-3.1-flash-tts-preview",
        Operation.IMAGE: "imagen-4.0-fast-generate-001",
        Operation.MUSIC: "lyria-3-pro-preview",
        Operation.EMBED: "gemini-embedding-2",
        Operation.VIDEO: "veo-3.1-generate-preview",
    }
    assert OUT.read_listing(b'{"models": []}', "gemini") == []
    assert "aqa" not in cards  # answers by a method of its own


@pytest.mark.parametrize("body", [b"{}", b"{", b"[]", b'{"error": {"code": 403}}'])
def test_a_listing_without_models_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        OUT.read_listing(body, "gemini")


def test_media_of_an_answer_is_told_as_an_event() -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    assert MediaMade(Media("image/png", "AAAA")) in read(OUT, [sse(answered(part))])
    assert OUT.glance(sse(answered(part))) == Glance.TEXT


def test_an_unfinished_call_says_why_beside_it() -> None:
    chunk = answered(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="print(f(x")
    assert Extra("finishMessage", "print(f(x") in read(OUT, [sse(chunk)])
