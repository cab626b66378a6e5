"""A stream of chunks as one plain answer: nothing lost, nothing said twice, nothing that belongs to pieces only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wallascli.wires.openai_chat import IN, OUT
from wallascli.wires.openai_join import join

Chunk = dict[str, Any]


def joined(*chunks: Chunk, end: bytes = b"data: [DONE]\n\n") -> Chunk:
    frames = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
    body = join([b": a comment\n\n", *frames, end])
    answer: Chunk = json.loads(body)
    return answer


def delta(said: Chunk, **beside: Any) -> Chunk:
    return {"id": "c1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": said, **beside}]}


def message(*said: Chunk) -> Chunk:
    answer: Chunk = joined(*map(delta, said))["choices"][0]["message"]
    return answer


def test_it_is_a_plain_answer() -> None:
    answer = joined(
        {"id": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": [{"ok": True}]},
        {**delta({"role": "assistant", "content": ""}, finish_reason=None), "created": 5, "model": "m"},
        delta({"content": "Hel"}, finish_reason=None),
        {**delta({"content": "lo"}, finish_reason=None), "obfuscation": "xyz"},
        delta({}, finish_reason="stop", native_finish_reason="end_turn"),
        {"id": "c1", "choices": [], "usage": {"total_tokens": 3, "cost": 0.5}},
    )
    assert answer == {
        "id": "c1",
        "object": "chat.completion",
        "created": 5,
        "model": "m",
        "prompt_filter_results": [{"ok": True}],
        "usage": {"total_tokens": 3, "cost": 0.5},
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"},
                "finish_reason": "stop",
                "native_finish_reason": "end_turn",
            }
        ],
    }


def test_the_first_finish_reason_and_the_last_usage_count() -> None:
    answer = joined(
        delta({"content": "a"}, finish_reason="length") | {"usage": {"total_tokens": 1}},
        delta({}, finish_reason="stop") | {"usage": {"total_tokens": 2}},
    )
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"] == {"total_tokens": 2}


def test_usage_that_stands_only_in_groqs_own_place_is_usage() -> None:
    answer = joined(
        delta({"content": "a"}) | {"x_groq": {"id": "req"}},
        delta({}, finish_reason="stop") | {"x_groq": {"usage": {"total_tokens": 2}}},
    )
    assert (answer["usage"], answer["x_groq"]) == ({"total_tokens": 2}, {"id": "req"})


def call(index: int | None, arguments: str, **begin: Any) -> Chunk:
    name = {"name": begin.pop("name")} if "name" in begin else {}
    place = {} if index is None else {"index": index}
    return {"tool_calls": [{**place, **begin, "function": {**name, "arguments": arguments}}]}


def test_calls_grow_each_by_itself() -> None:
    got = message(
        call(0, "", id="a", type="function", name="add"),
        call(0, '{"x"'),
        call(1, '{"y":', id="b", type="function", name="sub"),
        call(0, ":1}"),
        call(1, "2}"),
    )
    assert got["content"] is None
    assert got["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "sub", "arguments": '{"y":2}'}},
    ]


def test_calls_without_an_index_or_all_with_the_same_are_told_apart_by_their_ids() -> None:
    for index in (None, 0):
        got = message(call(index, "{}", id="a", name="add"), call(index, "{}", id="b", name="add"))
        assert [one["id"] for one in got["tool_calls"]] == ["a", "b"]


def test_what_stands_beside_a_calls_function_is_kept() -> None:
    got = message(call(0, "{}", id="a", name="add", extra_content={"google": {"thought_signature": "s"}}))
    assert got["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}


def test_thoughts_keep_the_name_of_their_field() -> None:
    got = message({"reasoning": "I "}, {"reasoning": "think"}, {"content": "so"})
    assert (got["reasoning"], got["content"], "reasoning_content" in got) == ("I think", "so", False)


def test_words_that_are_told_whole_each_time_are_not_glued() -> None:
    assert message({"content": "a", "channel": "final"}, {"content": "b", "channel": "final"})["channel"] == "final"


def test_numbered_details_grow_and_others_add_up() -> None:
    got = message(
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "a"}]},
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "b"}]},
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "signature": "s"}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "d"}]},
        {"annotations": [{"url": "one"}]},
        {"annotations": [{"url": "two"}]},
    )
    assert got["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "ab", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "d"},
    ]
    assert got["annotations"] == [{"url": "one"}, {"url": "two"}]


def test_mistrals_parts_stay_parts_until_the_end() -> None:
    def thinking(text: str) -> Chunk:
        return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}

    assert message(thinking("I "), thinking("think"), {"content": "so "}, {"content": "there"})["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "I think"}]},
        {"type": "text", "text": "so there"},
    ]


def test_log_probabilities_add_up() -> None:
    answer = joined(
        delta({"content": "a"}, logprobs={"content": [{"token": "a"}], "refusal": None}),
        delta({"content": "b"}, logprobs={"content": [{"token": "b"}], "refusal": None}),
    )
    assert answer["choices"][0]["logprobs"]["content"] == [{"token": "a"}, {"token": "b"}]


def test_several_choices_do_not_mix() -> None:
    chunks = [{"choices": [{"index": i, "delta": {"content": f"{i}{piece}"}}]} for piece in "ab" for i in (1, 0)]
    choices = joined(*chunks)["choices"]
    assert [(c["index"], c["message"]["content"]) for c in choices] == [(0, "0a0b"), (1, "1a1b")]


def test_who_answered_plainly_is_left_as_it_is() -> None:
    body = b'{"id": "x", "choices": []}'
    assert join([body]) == body


@pytest.mark.parametrize("frame", [b'data: {"choices": [5]}\n\n', b"data: [1]\n\n", b'data: {"choices": 7}\n\n'])
def test_what_cannot_be_joined_is_left_to_the_words(frame: bytes) -> None:
    assert IN.join([frame]) is None


def test_the_words_of_the_joined_answer_are_those_of_its_pieces() -> None:
    """Reading the one or the other must not make a difference: for every recorded stream see the replays."""
    said = [{"role": "assistant", "content": ""}, {"reasoning": "hm"}, {"content": "a"}, {"content": "b"}]
    frames = [b"data: " + json.dumps(delta(piece)).encode() + b"\n\n" for piece in said]
    reader = OUT.reader()
    pieces = [event for frame in frames for event in reader.feed(frame)]
    whole = OUT.read_whole(join(frames))
    assert "".join(getattr(event, "text", "") for event in pieces) == "hmab"
    assert [getattr(event, "text", "") for event in whole if getattr(event, "text", "")] == ["hm", "ab"]
