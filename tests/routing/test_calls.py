"""Half a call never reaches a client: calls are held back until whole, and nothing is lost by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import RECORDINGS, load
from tests.recordings import oracle
from wallascli.routing.calls import CallGate, JsonEnd
from wallascli.routing.stream import Feed, Translated, Verbatim, Words
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.events import Event, Finished, FinishReason, TextDelta, ToolCallDelta, ToolCallStarted, fold
from wallascli.wires import WIRES
from wallascli.wires.base import Label
from wallascli.wires.openai_chat import IN

Row = dict[str, Any]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=4)
CALLING = [
    row
    for row in json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))
    if row["stream"] and row["outcome"] == "complete" and any(choice["calls"] for choice in row["choices"])
]


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in places} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


PLACES = st.lists(st.integers(0, 200), max_size=6)


@given(OBJECTS, PLACES, st.booleans())
def test_the_end_of_an_object_is_seen_exactly_there(value: Row, places: list[int], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    seen, end = "", JsonEnd()
    for piece in cut(text, places):
        for letter in piece:  # one by one it must be seen as late as in pieces
            seen += letter
            assert end.feed(letter) is (seen == text)
    end = JsonEnd()
    assert [end.feed(piece) for piece in cut(text, places)][-1]


CALLS = st.lists(st.tuples(OBJECTS, PLACES), min_size=1, max_size=4)


@given(CALLS)
def test_each_call_passes_whole_and_at_once(calls: list[tuple[Row, list[int]]]) -> None:
    gate, passed = CallGate(), list[Event]()
    for number, (arguments, places) in enumerate(calls):
        events: list[Event] = [ToolCallStarted(number, f"id{number}", "name")]
        events += [ToolCallDelta(number, piece) for piece in cut(json.dumps(arguments), places)]
        for event in events:
            passed += gate.let_through([event])
            whole = [json.loads(call.arguments) for call in fold(passed).first.tool_calls]
            assert whole == [given_ for given_, _ in calls[: len(whole)]]
        assert gate.passed == number + 1
    assert not gate.is_open


def test_text_in_between_and_the_end_let_through_what_is_held() -> None:
    gate = CallGate()
    assert gate.let_through([ToolCallStarted(0, "a", "now")]) == []
    held = gate.let_through([TextDelta("so")])
    assert held == [ToolCallStarted(0, "a", "now"), TextDelta("so")]
    assert gate.let_through([ToolCallStarted(1, "b", "now")]) == []
    assert len(gate.let_through([Finished(FinishReason.TOOL_CALLS)])) == 2


def frames(row: Row) -> Iterator[bytes]:
    wire = WIRES[row["wire"]].outbound
    assert wire is not None
    framer = wire.framing.framer()
    yield from framer.feed(load(row["file"])[row["index"]].body)
    yield framer.rest()


def feed_of(row: Row) -> Feed[bytes]:
    wire = WIRES[row["wire"]].outbound
    assert wire is not None
    request, label = ChatRequest("m", (), stream=True), Label("c", "m", 1)
    if row["wire"] == "openai":
        return Verbatim(wire, skip_malformed=True, writer=lambda _: IN.writer(request, label))
    return Translated(Words(wire, skip_malformed=True), IN, request, label)


def calls_in(body: bytes) -> list[tuple[str, Any]]:
    """What a naive reader finds; arguments that are no JSON stay text."""
    reading = oracle.Reading()
    for payload in oracle.payloads({"sse": body.decode()}):
        oracle.READERS["openai"](reading, payload)
    row = reading.row()
    return [(call["name"], call["arguments"] or {}) for choice in row["choices"] for call in choice["calls"]]


@pytest.mark.parametrize(
    "row", CALLING, ids=[f"{row['file'].removesuffix('.json')}#{row['index']}" for row in CALLING]
)
def test_wherever_a_recorded_stream_breaks_no_half_call_was_sent(row: Row) -> None:
    expected = [(call["name"], call["arguments"] or {}) for choice in row["choices"] for call in choice["calls"]]
    feed, sent = feed_of(row), b""
    for frame in frames(row):
        piece = feed.take(frame) if frame else b""
        sent += piece
        if b"tool_calls" in piece or b"arguments" in piece:
            found = calls_in(sent)
            assert found == expected[: len(found)]
    sent += feed.ended()
    assert calls_in(sent) == expected
