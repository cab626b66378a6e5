"""Streams that real providers sent, cut anywhere, read as words and handed on as they came."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from tests.exchanges import RECORDINGS, load
from wallascli.routing.frames import ErrorInStream, State
from wallascli.routing.stream import Feed, Verbatim, Words
from wallascli.vocab.events import Event, Finished, ProviderError, TextDelta, fold
from wallascli.vocab.failures import AttemptFailed
from wallascli.wires import WIRES
from wallascli.wires.base import Outbound, Writer

Row = dict[str, Any]
ROWS = [row for row in json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8")) if row["stream"]]
EARLY_STOP = "gemini/reasoning-stream-gemini-2-5-flash-rig-a3d6d7.json"


def wire_of(row: Row) -> Outbound:
    outbound = WIRES[row["wire"]].outbound
    assert outbound is not None
    return outbound


@cache
def events_of(wire_name: str, stream: bytes) -> tuple[Event, ...]:
    """What the wire's own reader makes of it; the reader is held to the recordings elsewhere."""
    wire = WIRES[wire_name].outbound
    assert wire is not None
    framer, reader = wire.framing.framer(), wire.reader()
    frames = [*framer.feed(stream), framer.rest()]
    return tuple(event for frame in frames for event in reader.feed(frame)) + tuple(reader.end())


def body_of(row: Row) -> bytes:
    return load(row["file"])[row["index"]].body


def is_good(row: Row) -> bool:
    """It answers, to the end; errors inside a 200 have tests of their own."""
    events = events_of(row["wire"], body_of(row))
    return any(isinstance(e, Finished) for e in events) and not any(isinstance(e, ProviderError) for e in events)


GOOD = [row for row in ROWS if is_good(row)]


def str_of(row: Row) -> str:
    return str(row["file"].removesuffix(".json"))


every_good = pytest.mark.parametrize("row", GOOD, ids=str_of)


def never(feed: Feed[bytes]) -> Writer:
    raise AssertionError("nothing is written anew in a stream of one wire")


def verbatim(wire: Outbound, *, skip: bool = False, several: bool = False) -> Verbatim:
    return Verbatim(wire, skip_malformed=skip, writer=never, several=several)


def reads(stream: bytes, seed: int) -> list[bytes]:
    """The stream as some network might deliver it."""
    chance = random.Random(seed)
    pieces, rest = [], stream
    while rest:
        size = chance.choice((1, 7, 40, 300, 3_000, 100_000))
        pieces.append(rest[:size])
        rest = rest[size:]
    return pieces


def handed_on(feed: Verbatim, pieces: Sequence[bytes], *, to_the_end: bool = True) -> bytes:
    out = b"".join(feed.take(piece) for piece in pieces)
    return out + feed.ended() if to_the_end else out


@every_good
@pytest.mark.parametrize("several", [False, True])
def test_a_stream_of_the_clients_own_wire_comes_through_byte_by_byte(row: Row, several: bool) -> None:
    stream = body_of(row)
    feed = verbatim(wire_of(row), several=several)
    out = handed_on(feed, reads(stream, 1))
    # A last frame without its blank line gets one: the client must see that it ends.
    assert out == stream or (out.startswith(stream) and not out[len(stream) :].strip())
    assert feed.state.is_complete


@every_good
def test_the_words_are_those_of_its_reader_in_their_order(row: Row) -> None:
    feed = Words(wire_of(row), skip_malformed=False)
    out = [event for piece in reads(body_of(row), 2) for event in feed.take(piece)] + feed.ended()
    assert out == list(events_of(row["wire"], body_of(row)))
    assert feed.state.is_complete


@every_good
def test_wherever_it_is_cut_no_half_call_has_been_handed_on(row: Row) -> None:
    stream, wire = body_of(row), wire_of(row)
    whole = fold(events_of(row["wire"], stream))
    chance = random.Random(3)
    for place in sorted(chance.sample(range(len(stream)), min(60, len(stream)))):
        sent = handed_on(verbatim(wire), reads(stream[:place], place), to_the_end=False)
        assert stream.startswith(sent)
        for choice, complete in zip(fold(events_of(row["wire"], sent)).choices, whole.choices, strict=False):
            assert choice.tool_calls == complete.tool_calls[: len(choice.tool_calls)]


@every_good
def test_words_hold_half_calls_back_too(row: Row) -> None:
    stream, wire = body_of(row), wire_of(row)
    whole = fold(events_of(row["wire"], stream))
    feed, out = Words(wire, skip_malformed=False), list[Event]()
    for piece in reads(stream, 4):
        out += feed.take(piece)
        for choice, complete in zip(fold(out).choices, whole.choices, strict=False):
            assert choice.tool_calls == complete.tool_calls[: len(choice.tool_calls)]


@every_good
def test_both_see_the_same_content_progress_and_length(row: Row) -> None:
    """``Verbatim`` does not read what is plain text, but knows about how much it was: speeds are compared."""
    stream, wire = body_of(row), wire_of(row)
    words, bytes_ = Words(wire, skip_malformed=False), verbatim(wire)
    for piece in reads(stream, 5):
        words.take(piece)
        bytes_.take(piece)
        assert bytes_.state.content == words.state.content
        assert bool(bytes_.state.progress) == bool(words.state.progress)
    if words.state.characters > 200:
        assert 0.2 < bytes_.state.length / words.state.characters < 5


@pytest.mark.parametrize("row", [row for row in GOOD if row["file"] != EARLY_STOP], ids=str_of)
@pytest.mark.parametrize("as_words", [False, True])
def test_a_stream_that_is_cut_before_its_end_was_told_does_not_look_complete(row: Row, as_words: bool) -> None:
    stream, wire = body_of(row), wire_of(row)
    chance = random.Random(6)
    for place in chance.sample(range(1, len(stream)), 20):
        feed: Words | Verbatim = Words(wire, skip_malformed=False) if as_words else verbatim(wire)
        try:
            feed.take(stream[:place])
            feed.ended()
        except AttemptFailed:
            continue
        # Both the reason and all that was said were there already.
        assert feed.state.is_complete
        assert _text(row["wire"], stream[:place]) == _text(row["wire"], stream)


def _text(wire_name: str, stream: bytes) -> str:
    wire = WIRES[wire_name].outbound
    assert wire is not None
    framer, reader = wire.framing.framer(), wire.reader()
    return "".join(e.text for f in framer.feed(stream) for e in reader.feed(f) if isinstance(e, TextDelta))


# -- ends


def sse(*chunks: dict[str, Any] | str) -> list[bytes]:
    return [b"data: " + (c if isinstance(c, str) else json.dumps(c)).encode() + b"\n\n" for c in chunks]


def chunk(content: str | None = None, finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    said = delta if content is None else {"content": content, **delta}
    return {"id": "1", "model": "m", "choices": [{"index": index, "delta": said, "finish_reason": finish}]}


OPENAI = WIRES["openai"].outbound
GEMINI = WIRES["gemini"].outbound
assert OPENAI is not None
assert GEMINI is not None
WIRE: Outbound = OPENAI
BOTH = pytest.mark.parametrize("as_words", [False, True], ids=["bytes", "words"])


def make(as_words: bool, wire: Outbound = WIRE, *, skip: bool = False, several: bool = False) -> Words | Verbatim:
    return Words(wire, skip_malformed=skip) if as_words else verbatim(wire, skip=skip, several=several)


def state_after(feed: Words | Verbatim, pieces: Sequence[bytes]) -> State:
    for piece in pieces:
        feed.take(piece)
    feed.ended()
    return feed.state


@BOTH
@pytest.mark.parametrize(
    ("pieces", "complete"),
    [
        (sse(chunk("a"), chunk(finish="stop"), "[DONE]"), True),
        (sse(chunk("a"), chunk(finish="stop")), True),  # Cerebras sends no end mark
        (sse(chunk("a"), "[DONE]"), True),
        (sse(chunk("a")), False),
        ([], False),
        (sse(chunk("a", finish="length")), True),
    ],
)
def test_a_reason_or_the_end_mark_makes_an_answer_complete_and_nothing_else_does(
    as_words: bool, pieces: list[bytes], complete: bool
) -> None:
    if complete:
        assert state_after(make(as_words), pieces).is_complete
    else:
        with pytest.raises(AttemptFailed, match="cut off"):
            state_after(make(as_words), pieces)


@BOTH
def test_of_several_answers_each_needs_its_end(as_words: bool) -> None:
    both = sse(chunk("a"), chunk("b", index=1), chunk(finish="stop"))
    with pytest.raises(AttemptFailed, match="cut off"):
        state_after(make(as_words, several=True), both)
    assert state_after(make(as_words, several=True), [*both, *sse(chunk(finish="stop", index=1))]).is_complete


@BOTH
def test_text_behind_a_reason_means_that_it_is_not_over(as_words: bool) -> None:
    feed = make(as_words)
    for piece in sse(chunk("a"), chunk(finish="stop")):
        feed.take(piece)
    assert feed.state.over
    feed.take(*sse(chunk("b")))
    assert not feed.state.over
    with pytest.raises(AttemptFailed, match="cut off"):
        feed.ended()


@BOTH
def test_the_end_mark_is_the_end_whatever_follows(as_words: bool) -> None:
    feed = make(as_words)
    for piece in sse(chunk("a"), "[DONE]", chunk("b")):
        feed.take(piece)
    assert feed.state.over


@BOTH
def test_googles_stop_in_the_middle_is_not_taken_for_the_end(as_words: bool) -> None:
    """It ran code, said STOP, and went on speaking."""
    assert GEMINI is not None
    stream = load(EARLY_STOP)[0].body
    feed = make(as_words, GEMINI)
    early = stream.index(b"\r\n\r\n", stream.index(b'"finishReason":"STOP"')) + 4
    said = stream.index(b"\r\n\r\n", stream.index(b'"text"', early)) + 4
    feed.take(stream[:early])
    feed.take(stream[early:said])
    assert not feed.state.over
    cut = make(as_words, GEMINI)
    cut.take(stream[:said])
    with pytest.raises(AttemptFailed, match="cut off"):
        cut.ended()
    feed.take(stream[said:])
    feed.ended()
    assert feed.state.is_complete


# -- calls among other things


def call(index: int, arguments: str, name: str = "", **more: Any) -> dict[str, Any]:
    piece = {"index": index, "function": {"arguments": arguments} | ({"name": name} if name else {})}
    return {"tool_calls": [piece | ({"id": f"c{index}", "type": "function"} if name else {})], **more}


def test_a_frame_with_text_and_the_beginning_of_a_call_waits_for_the_call() -> None:
    pieces = sse(
        chunk("a"), chunk(" ", **call(0, '{"x"', "f")), chunk(**call(0, ":1}")), chunk(finish="tool_calls")
    )
    feed = verbatim(WIRE)
    out = [feed.take(piece) for piece in pieces]
    assert out == [pieces[0], b"", pieces[1] + pieces[2], pieces[3]]


def test_pieces_of_parallel_calls_that_are_mixed_wait_for_each_other() -> None:
    pieces = sse(
        chunk("a"),
        chunk(**call(0, "", "f")),
        chunk(**call(1, "", "g")),
        chunk(**call(0, '{"x":1}')),
        chunk(**call(1, '{"y":')),
        chunk(**call(1, "2}")),
    )
    feed = verbatim(WIRE)
    assert [bool(feed.take(piece)) for piece in pieces] == [True, False, False, False, False, True]


def test_what_was_held_goes_out_with_the_end_mark_and_not_with_a_cut() -> None:
    pieces = sse(chunk("a"), chunk(**call(0, '{"x"', "f")))
    ended = verbatim(WIRE)
    assert handed_on(ended, [*pieces, *sse("[DONE]")]) == b"".join([*pieces, *sse("[DONE]")])
    cut = verbatim(WIRE)
    assert handed_on(cut, pieces, to_the_end=False) == pieces[0]
    with pytest.raises(AttemptFailed):
        cut.ended()
    words = Words(WIRE, skip_malformed=False)
    out = [event for piece in [*pieces, *sse("[DONE]")] for event in words.take(piece)] + words.ended()
    assert fold(out).first.tool_calls[0].arguments == '{"x"'


# -- frames that make no sense


@BOTH
def test_a_malformed_frame_is_a_death_while_somebody_else_is_left(as_words: bool) -> None:
    with pytest.raises(AttemptFailed, match="malformed"):
        make(as_words).take(b"data: {half\n\n")


@BOTH
def test_with_nobody_left_it_is_left_out_and_counted(as_words: bool) -> None:
    state = state_after(
        make(as_words, skip=True), [*sse(chunk("a")), b"data: {half\n\n", *sse(chunk("b"), "[DONE]")]
    )
    assert (state.skipped, state.is_complete) == (1, True)


@BOTH
@pytest.mark.parametrize("bad", [b"data: {half\n\n", *sse({"error": {"message": "overloaded", "code": 529}})])
def test_good_pieces_of_the_same_read_are_handed_on_before_the_failure_if_the_client_saw_the_beginning(
    as_words: bool, bad: bytes
) -> None:
    feed = make(as_words)
    feed.take(*sse(chunk("a")))
    out = feed.take(b"".join([*sse(chunk("b"), chunk("c")), bad, *sse(chunk("d"))]))
    said = b"".join(sse(chunk("b"), chunk("c"))) if not as_words else [TextDelta("b"), TextDelta("c")]
    assert out == said
    assert isinstance(feed.state.late, AttemptFailed | ErrorInStream)


@BOTH
@pytest.mark.parametrize("bad", [b"data: {half\n\n", *sse({"error": {"message": "overloaded", "code": 529}})])
def test_before_that_the_failure_comes_first_as_another_can_still_be_asked(as_words: bool, bad: bytes) -> None:
    with pytest.raises((AttemptFailed, ErrorInStream)):
        make(as_words).take(b"".join([*sse(chunk("b")), bad]))
