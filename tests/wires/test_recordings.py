"""A wire is right when it reads what providers really sent, however the network cut it.

What each of them says stands in ``recordings/expected.json``, made by ``recordings/oracle.py``, which knows none of
our code.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import pytest

from tests.exchanges import RECORDINGS, Exchange, load
from tests.recordings import oracle
from wallascli.vocab.chat import ToolCall
from wallascli.vocab.events import (
    Choice,
    Event,
    Finished,
    MediaMade,
    ProviderError,
    RefusalDelta,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
    fold,
)
from wallascli.wires import WIRES
from wallascli.wires.base import Glance, Malformed, Outbound

Row = dict[str, Any]

EXPECTED: list[Row] = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))
ALL = [pytest.param(row, id=f"{row['file'].removesuffix('.json')}#{row['index']}") for row in EXPECTED]
STREAMS = [param for param, row in zip(ALL, EXPECTED, strict=True) if row["stream"]]

every_answer = pytest.mark.parametrize("row", ALL)
every_stream = pytest.mark.parametrize("row", STREAMS)


def wire_of(row: Row) -> Outbound:
    outbound = WIRES[row["wire"]].outbound
    assert outbound is not None
    return outbound


def exchange_of(row: Row) -> Exchange:
    return load(row["file"])[row["index"]]


def framed(row: Row, reads: Iterable[bytes]) -> list[bytes]:
    framer = wire_of(row).framing.framer()
    frames = [frame for read in reads for frame in framer.feed(read)]
    return [*frames, framer.rest()] if framer.pending else frames


@cache
def frames_of(file: str, index: int) -> tuple[bytes, ...]:
    row = next(row for row in EXPECTED if (row["file"], row["index"]) == (file, index))
    return tuple(framed(row, [exchange_of(row).body]))


def read(row: Row, frames: Iterable[bytes]) -> list[Event]:
    reader = wire_of(row).reader()
    return [*(event for frame in frames for event in reader.feed(frame)), *reader.end()]


def events_of(row: Row) -> list[Event]:
    if row["stream"]:
        return read(row, frames_of(row["file"], row["index"]))
    return wire_of(row).read_whole(exchange_of(row).body)


def arguments(call: ToolCall) -> Any:
    """No arguments are "", "null" (Groq) or "{}": the same to whoever runs the tool."""
    try:
        return json.loads(call.arguments or "{}") or {}
    except json.JSONDecodeError:
        return call.arguments


def as_row(choice: Choice, expected: Row) -> Row:
    """A choice in the oracle's words. An id that no provider gave is whatever the wire makes of it."""
    given = [call["id"] for call in expected["calls"]] + [None] * len(choice.tool_calls)
    calls = [
        {"name": call.name, "id": call.id if known else known, "arguments": arguments(call)}
        for call, known in zip(choice.tool_calls, given, strict=False)
    ]
    return {
        "text": choice.text,
        "thoughts": choice.thought,
        "refusal": choice.refusal,
        "calls": calls,
        "media": len(choice.media),
        "finish": choice.finish and choice.finish.reason.value,
    }


def expected_choice(choice: Row) -> Row:
    return {**choice, "calls": [{**call, "arguments": call["arguments"] or {}} for call in choice["calls"]]}


def test_the_judge_is_up_to_date() -> None:
    """Else: ``python tests/recordings/oracle.py``, and look at what changed."""
    assert oracle.as_text(oracle.expected()) == (RECORDINGS / "expected.json").read_text(encoding="utf-8")


def test_the_judge_has_something_to_say_of_every_wire() -> None:
    assert len(EXPECTED) >= 400
    assert len(STREAMS) >= 150
    assert {row["wire"] for row in EXPECTED} == {"openai", "gemini", "anthropic", "ollama", "cohere"}


@every_answer
def test_an_answer_says_what_it_says(row: Row) -> None:
    completion = fold(events_of(row))
    assert len(completion.choices) == len(row["choices"])
    for choice, expected in zip(completion.choices, row["choices"], strict=True):
        assert as_row(choice, expected) == expected_choice(expected)


@every_answer
def test_usage_is_what_the_provider_counted(row: Row) -> None:
    usage = fold(events_of(row)).usage
    if row["usage"] is None:
        assert usage is None
        return
    assert usage is not None
    assert not usage.estimated
    counted = {"input": usage.input, "output": usage.output, "total": usage.total}
    details = {"reasoning": usage.reasoning, "cached": usage.cached, "cache_written": usage.cache_written}
    assert {**counted, **details} == {**dict.fromkeys(details, 0), **row["usage"]}


@every_answer
def test_the_answer_keeps_its_name(row: Row) -> None:
    started = fold(events_of(row)).started
    assert (started.id, started.model) == (row["id"], row["model"])


@every_answer
def test_an_error_is_one_and_nothing_else_is(row: Row) -> None:
    errors = [event for event in events_of(row) if isinstance(event, ProviderError)]
    assert (row["outcome"] == "error") is bool(errors)
    for event in errors:
        assert event.facts.message == row["error"]["message"]
        assert event.facts.code == str(row["error"].get("code", ""))


@pytest.mark.parametrize("row", [param for param, row in zip(ALL, EXPECTED, strict=True) if row["opaque"]])
def test_what_has_to_be_sent_back_one_day_is_kept(row: Row) -> None:
    """Signatures and encrypted thoughts: without them the next turn is refused, or thinks anew."""
    kept = repr(fold(events_of(row)))
    assert [proof for proof in row["opaque"] if proof not in kept] == []


def cuts(row: Row, body: bytes, count: int) -> list[int]:
    chance = random.Random(f"{row['file']}{row['index']}")
    return [chance.randrange(len(body)) for _ in range(count)]


def in_two(body: bytes, place: int) -> Sequence[bytes]:
    return body[:place], body[place:]


@every_stream
def test_frames_do_not_depend_on_packets(row: Row) -> None:
    exchange = exchange_of(row)
    body, whole = exchange.body, list(frames_of(row["file"], row["index"]))
    assert b"".join(whole) == body
    assert framed(row, exchange.chunks) == whole
    assert framed(row, (body[at : at + 1] for at in range(len(body)))) == whole
    for place in cuts(row, body, 200):
        assert framed(row, in_two(body, place)) == whole
    start = body[:6000]  # for cuts in the first 4 KB the rest of a long stream would only be split again and again
    whole = framed(row, [start])
    for place in range(min(4096, len(start))):
        assert framed(row, in_two(start, place)) == whole


@every_stream
def test_events_do_not_depend_on_packets(row: Row) -> None:
    exchange, whole = exchange_of(row), events_of(row)
    body = exchange.body
    assert read(row, framed(row, (body[at : at + 1] for at in range(len(body))))) == whole
    assert read(row, framed(row, exchange.chunks)) == whole
    for place in cuts(row, body, 20):
        assert read(row, framed(row, in_two(body, place))) == whole


FLAGS = {
    TextDelta: Glance.TEXT,
    RefusalDelta: Glance.TEXT,
    MediaMade: Glance.TEXT,
    ThoughtDelta: Glance.THOUGHT,
    ToolCallStarted: Glance.CALL,
    ToolCallDelta: Glance.CALL,
    UsageReported: Glance.USAGE,
    Finished: Glance.FINISH,
    ProviderError: Glance.ERROR,
}


def flags(events: Iterable[Event]) -> Glance:
    found = Glance.NOTHING
    for event in events:
        found |= FLAGS.get(type(event), Glance.NOTHING)
    return found


def is_bare(event: Event) -> bool:
    """A piece that says nothing: a lone signature, or the "{}" that a wire adds for a call without arguments."""
    match event:
        case ThoughtDelta():
            return not event.text
        case ToolCallDelta():
            return event.arguments == "{}"
        case _:
            return False


@every_stream
def test_a_glance_misses_nothing(row: Row) -> None:
    wire = wire_of(row)
    reader = wire.reader()
    for frame in frames_of(row["file"], row["index"]):
        found = flags(event for event in reader.feed(frame) if not is_bare(event))
        assert found & ~wire.glance(frame) == Glance.NOTHING, frame


# A call that the provider itself runs, and pieces of nothing. A glance knows one frame and cannot tell the first.
HARMLESS = re.compile(rb'"input_json_delta"|"arguments": ?""|"thinking": ?\[\]')


@every_stream
def test_a_glance_makes_nothing_up(row: Row) -> None:
    """Readers tell usage and the finish once, however often the provider does, and may hold them back."""
    wire = wire_of(row)
    reader = wire.reader()
    once = flags(events_of(row)) & (Glance.USAGE | Glance.FINISH)
    for frame in frames_of(row["file"], row["index"]):
        seen = wire.glance(frame) & ~Glance.DONE & ~once
        if HARMLESS.search(frame):
            seen &= ~(Glance.CALL | Glance.THOUGHT)
        assert seen & ~flags(reader.feed(frame)) == Glance.NOTHING, frame


@every_stream
def test_an_answer_cut_off_does_not_look_complete(row: Row) -> None:
    wire, frames = wire_of(row), frames_of(row["file"], row["index"])
    ends = (number for number, frame in enumerate(frames) if wire.glance(frame) & (Glance.FINISH | Glance.ERROR))
    events = read(row, frames[: next(ends)])
    assert not [event for event in events if isinstance(event, Finished | ProviderError)]
    for choice, expected in zip(fold(events).choices, row["choices"], strict=False):
        assert expected["text"].startswith(choice.text)
        assert expected["thoughts"].startswith(choice.thought)


@every_stream
def test_half_a_frame_is_malformed(row: Row) -> None:
    """What is left when the body ends in the middle of an event must not pass for nothing."""
    frames = frames_of(row["file"], row["index"])
    number, frame = max(enumerate(frames), key=lambda pair: len(pair[1]))
    half = frame[: len(frame) * 2 // 3]
    wire = wire_of(row)
    reader = wire.reader()
    for earlier in frames[:number]:
        reader.feed(earlier)
    with pytest.raises(Malformed):
        reader.feed(half)
    with pytest.raises(Malformed):
        wire.glance(half)
