"""Half a tool call never passes; nothing is lost, nothing repeated, and the order is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wallascli.routing.calls import CallGate, JsonEnd
from wallascli.vocab.chat import Usage
from wallascli.vocab.events import (
    Event,
    Extra,
    Finished,
    FinishReason,
    RefusalDelta,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab{}[]"\\\n é🙂'), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.sampled_from('k{"\\'), max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


@dataclass(frozen=True)
class Story:
    """A stream of events, and what the arguments of each of its calls are in the end."""

    events: list[Event]
    whole: dict[tuple[int, int], str]


def cut(draw: Callable[..., Any], text: str) -> list[str]:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@st.composite
def one_choice(draw: st.DrawFn, choice: int) -> Story:
    """Text, thoughts and groups of parallel calls whose pieces are mixed; then a reason."""
    events: list[Event] = [Started("id", "model")]
    whole: dict[tuple[int, int], str] = {}
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["text", "thought", "refusal", "calls", "beside"]))
        if kind == "calls":
            events += draw(_calls(choice, whole))
        else:
            said: dict[str, Event] = {
                "text": TextDelta("word", choice),
                "thought": ThoughtDelta("hm", choice=choice),
                "refusal": RefusalDelta("no", choice),
                "beside": Extra("citations", [1], choice),
            }
            events.append(said[kind])
    return Story([*events, Finished(FinishReason.STOP, choice=choice), UsageReported(Usage(1, 2))], whole)


@st.composite
def _calls(draw: st.DrawFn, choice: int, whole: dict[tuple[int, int], str]) -> list[Event]:
    rows: list[list[Event]] = []
    for _ in range(draw(st.integers(1, 3))):
        index = sum(place == choice for place, _ in whole)
        # Some send nothing at all for a call without arguments; most an empty object.
        text = draw(
            st.just("")
            | OBJECTS.map(json.dumps)
            | OBJECTS.map(lambda o: json.dumps(o, ensure_ascii=False, indent=1))
        )
        whole[choice, index] = text
        deltas = [ToolCallDelta(index, piece, choice) for piece in cut(draw, text)] if text else []
        rows.append([ToolCallStarted(index, f"c{index}", "f", choice=choice), *deltas])
    return draw(mixed(rows))


@st.composite
def mixed(draw: st.DrawFn, rows: list[list[Any]]) -> list[Any]:
    """The rows shuffled into one, each in its own order."""
    left = [list(row) for row in rows]
    out = []
    while any(left):
        out.append(draw(st.sampled_from([row for row in left if row])).pop(0))
    return out


@st.composite
def stories(draw: st.DrawFn) -> Story:
    parts = [draw(one_choice(choice)) for choice in range(draw(st.integers(1, 2)))]
    whole: dict[tuple[int, int], str] = {}
    for part in parts:
        whole |= part.whole
    return Story(draw(mixed([part.events for part in parts])), whole)


def fed(gate: CallGate, events: list[Event], sizes: Iterable[int]) -> list[Event]:
    """Handed over in groups, as network reads hand them over."""
    out: list[Event] = []
    rest = list(events)
    for size in sizes:
        out += gate.let_through(rest[:size])
        rest = rest[size:]
    return out + gate.let_through(rest)


SIZES = st.lists(st.integers(0, 4), max_size=20)


@given(story=stories(), sizes=SIZES)
def test_in_the_end_everything_has_passed_in_its_order(story: Story, sizes: list[int]) -> None:
    gate = CallGate()
    assert fed(gate, story.events, sizes) == story.events
    assert not gate.is_open
    assert gate.passed == len(story.whole)


@given(story=stories(), sizes=SIZES, at=st.integers(0, 60))
def test_wherever_the_stream_breaks_no_half_call_has_passed(story: Story, sizes: list[int], at: int) -> None:
    out = fed(CallGate(), story.events[:at], sizes)
    assert out == story.events[: len(out)]
    said: dict[tuple[int, int], str] = {}
    for event in out:
        match event:
            case ToolCallStarted(index, choice=choice):
                said[choice, index] = ""
            case ToolCallDelta(index, arguments, choice):
                said[choice, index] += arguments
    assert said == {call: story.whole[call] for call in said}


@given(story=stories(), at=st.integers(0, 60))
def test_only_calls_and_what_comes_behind_them_are_held_back(story: Story, at: int) -> None:
    gate = CallGate()
    seen = story.events[:at]
    out = gate.let_through(seen)
    if not any(isinstance(event, ToolCallStarted) for event in seen):
        assert out == seen
    assert gate.is_open is (len(out) < len(seen))


@given(story=stories(), at=st.integers(0, 60))
def test_closing_gives_back_all_that_was_held(story: Story, at: int) -> None:
    gate = CallGate()
    out = gate.let_through(story.events[:at])
    assert out + gate.close() == story.events[:at]
    assert gate.close() == []


def test_a_call_whose_arguments_have_closed_does_not_wait_for_the_end() -> None:
    gate = CallGate()
    events: list[Event] = [ToolCallStarted(0, "c", "f"), ToolCallDelta(0, '{"a": 1'), ToolCallDelta(0, "}")]
    assert [gate.let_through([event]) for event in events] == [[], [], events]


def test_a_call_without_arguments_waits_for_what_follows() -> None:
    gate = CallGate()
    call = ToolCallStarted(0, "c", "f")
    assert gate.let_through([call]) == []
    assert gate.let_through([TextDelta("done")]) == [call, TextDelta("done")]


def test_blanks_behind_the_last_brace_pass_too() -> None:
    gate = CallGate()
    gate.let_through([ToolCallStarted(0, "c", "f"), ToolCallDelta(0, "{}")])
    assert gate.let_through([ToolCallDelta(0, " \n")]) == [ToolCallDelta(0, " \n")]


@given(value=OBJECTS, indent=st.none() | st.integers(0, 2), ascii_only=st.booleans(), data=st.data())
def test_an_object_closes_with_its_last_brace_and_not_before(
    value: dict[str, Any], indent: int | None, ascii_only: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    end = JsonEnd()
    pieces = cut(data.draw, text[:-1])
    assert not any(end.feed(piece) for piece in pieces)
    assert end.feed(text[-1])


def test_arguments_that_are_a_list_close_with_the_list() -> None:
    end = JsonEnd()
    assert not end.feed('[{"a": 1}')
    assert end.feed("]")


def test_arguments_that_are_neither_close_with_the_answer_only() -> None:
    for text in ('"{}"', "null", "12", "", "not json"):
        assert not JsonEnd().feed(text)
