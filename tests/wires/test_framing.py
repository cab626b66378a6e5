"""Framing: frames are the stream's own bytes, and the network's cuts leave no trace in them."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wallascli.wires.framing import Framer, Framing, sse_data, sse_fields

SSE, NDJSON = Framing.SSE, Framing.NDJSON

# Few kinds of bytes, many meetings of them: line ends, the start of a field, text.
PIECES = st.lists(
    st.sampled_from(
        [
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"\r\n\r\n",
            b"data: {}",
            b"data:x",
            b"event: ping",
            b": note",
            b"\x00",
            b"\xff",
        ]
    ),
    max_size=14,
)
STREAMS = PIECES.map(b"".join)
CUTS = st.lists(st.integers(0, 120), max_size=8)


def fed(framing: Framing, reads: list[bytes]) -> tuple[list[bytes], bytes]:
    framer = framing.framer()
    frames = [frame for read in reads for frame in framer.feed(read)]
    assert framer.pending == len(framer.rest())
    return frames, framer.rest()


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(marks)]


def sse_by_hand(stream: bytes) -> tuple[list[bytes], bytes]:
    """The rule, byte by byte: two line ends in a row end a frame; a CR that is the last byte ends nothing yet."""
    frames, start, at, ends = [], 0, 0, 0
    while at < len(stream):
        size = 2 if stream[at : at + 2] == b"\r\n" else 1
        is_end = stream[at : at + 1] in (b"\n", b"\r")
        at += size
        if stream[at - size : at] == b"\r" and at == len(stream):
            break
        ends = ends + 1 if is_end else 0
        if ends == 2:
            frames.append(stream[start:at])
            start, ends = at, 0
    return frames, stream[start:]


@given(STREAMS, CUTS)
@example(b"a\r\n\r\nb", [3])  # inside the second CRLF, where Gemini's streams are cut too
@example(b"a\n\r\nb\n\n", [3])
@example(b"a\n\n\nb\n\nc\r\n\r\n", [7])
def test_cuts_leave_no_trace_in_server_sent_events(stream: bytes, places: list[int]) -> None:
    frames, rest = fed(SSE, cut(stream, places))
    assert b"".join([*frames, rest]) == stream
    assert (frames, rest) == sse_by_hand(stream)


@given(STREAMS, CUTS)
def test_cuts_leave_no_trace_in_lines_of_json(stream: bytes, places: list[int]) -> None:
    frames, rest = fed(NDJSON, cut(stream, places))
    assert b"".join([*frames, rest]) == stream
    assert all(frame.endswith(b"\n") and frame.count(b"\n") == 1 for frame in frames)
    assert b"\n" not in rest


@given(st.binary(max_size=300), CUTS, st.sampled_from(Framing))
def test_no_byte_is_lost_or_made_up(stream: bytes, places: list[int], framing: Framing) -> None:
    frames, rest = fed(framing, cut(stream, places))
    assert b"".join([*frames, rest]) == stream


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_each_line_end_of_the_standard_ends_an_event(end: bytes) -> None:
    first, second = b"event: a" + end + b"data: 1" + end + end, b"data: 2" + end + end
    frames, rest = fed(SSE, [first + second])
    if end == b"\r":  # the last CR could be half a CRLF: that event is handed over at the end of the body
        frames, rest = [*frames, rest], b""
    assert (frames, rest) == ([first, second], b"")
    assert [sse_fields(frame) for frame in frames] == [("a", b"1"), ("", b"2")]


def test_line_ends_may_be_mixed_within_one_event() -> None:
    frames, rest = fed(SSE, [b"data: 1\r\ndata: 2\ndata: 3\r\r\ndata: 4\n\r\n"])
    assert frames == [b"data: 1\r\ndata: 2\ndata: 3\r\r\n", b"data: 4\n\r\n"]
    assert rest == b""
    assert [sse_data(frame) for frame in frames] == [b"1\n2\n3", b"4"]


def test_a_whole_event_is_never_held_back() -> None:
    """LF and CRLF streams, which is all that anybody sends: no event waits for the next one."""
    for event in (b"data: 1\n\n", b"event: a\ndata: 1\n\n", b"data: 1\r\n\r\n", b": ping\n\n"):
        framer = SSE.framer()
        for _ in range(3):
            assert framer.feed(event) == [event]
            assert framer.pending == 0


@pytest.mark.parametrize(
    "odd", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x00"], ids=ascii
)
def test_what_python_takes_for_a_line_end_is_only_text(odd: str) -> None:
    text = json.dumps({"text": f"a{odd}b"}, ensure_ascii=False).encode()
    raw = text.replace(b"\\u00", b"\\u00")  # control characters stay escaped, as JSON demands
    event, line = b"data: " + raw + b"\n\n", raw + b"\n"
    assert fed(SSE, [event * 2]) == ([event, event], b"")
    assert fed(SSE, [event[:-1] + b"\r\n"]) == ([event[:-1] + b"\r\n"], b"")
    assert fed(NDJSON, [line * 2]) == ([line, line], b"")
    assert sse_data(event) == raw
    assert sse_data(event.replace(b"\n", b"\r\n")) == raw
    bare = b"data: a" + odd.encode() + b"b\n\n"
    assert sse_data(bare) == b"a" + odd.encode() + b"b"


def test_crlf_and_lone_cr_in_lines_of_json() -> None:
    frames, rest = fed(NDJSON, [b'{"a":1}\r\n{"b":\r2}\n', b'{"c":3}'])
    assert frames == [b'{"a":1}\r\n', b'{"b":\r2}\n']
    assert [json.loads(frame) for frame in frames] == [{"a": 1}, {"b": 2}]
    assert rest == b'{"c":3}'


@pytest.mark.parametrize("framing", Framing)
def test_nothing_fed_is_nothing_framed(framing: Framing) -> None:
    framer = Framer(framing)
    assert framer.feed(b"") == []
    assert framer.feed(b"da") == []
    assert framer.feed(b"") == []
    assert (framer.rest(), framer.pending) == (b"da", 2)


@pytest.mark.parametrize(
    ("frame", "event", "data"),
    [
        (b"data: {}\n\n", "", b"{}"),
        (b"data:{}\n\n", "", b"{}"),
        (b"data:  two\n\n", "", b" two"),  # one space is the separator's, the second the value's
        (b"data: a: b\n\n", "", b"a: b"),
        (b"data: {\ndata: }\n\n", "", b"{\n}"),
        (b"data: a\ndata\ndata: b\n\n", "", b"a\n\nb"),
        (b"event: error\ndata: {}\n\n", "error", b"{}"),
        (b"data: {}\nevent: error\n\n", "error", b"{}"),
        (b"event: a\nevent: b\ndata: {}\n\n", "b", b"{}"),
        (b"event: ping\n\n", "ping", None),
        (b": OPENROUTER PROCESSING\n\n", "", None),
        (b": \n\n", "", None),
        (b": note\ndata: {}\n\n", "", b"{}"),
        (b"id: 1\nretry: 500\ndata: {}\n\n", "", b"{}"),
        (b"database: x\n\n", "", None),
        (b"data : x\n\n", "", None),
        (b"Data: x\n\n", "", None),
        (b"data: \n\n", "", None),
        (b"data:\n\n", "", None),
        (b"\ndata: {}\n\n", "", b"{}"),
        (b"\n\n", "", None),
        (b"", "", None),
        (b"data: {}", "", b"{}"),
        (b"data: {}\n", "", b"{}"),
        (b"data: {}\r\n", "", b"{}"),
        (b"event: a\ndata: {}", "a", b"{}"),
        (b"data: {}\r\n\r\n", "", b"{}"),
        (b"data: a\rdata: b\n\n", "", b"a\nb"),
        (b"event: a\rdata: b\r\n\r\n", "a", b"b"),
        (b"data: \x00\n\n", "", b"\x00"),
        (b"event: \xff\ndata: x\n\n", "\ufffd", b"x"),
    ],
)
def test_the_fields_of_an_event(frame: bytes, event: str, data: bytes | None) -> None:
    assert sse_fields(frame) == (event, data)
    assert sse_data(frame) == data


@given(PIECES)
def test_the_quick_way_to_the_data_is_the_long_way(pieces: list[bytes]) -> None:
    for frame in sse_by_hand(b"".join([*pieces, b"\n\n"]))[0]:
        assert sse_data(frame) == sse_fields(frame)[1]


@given(
    st.sampled_from([b"data: ", b"event: a\ndata: "]),
    st.binary(max_size=12),
    st.sampled_from([b"", b"\n", b"\n\n", b"\r\n\r\n"]),
)
def test_the_quick_way_knows_its_limits(head: bytes, body: bytes, end: bytes) -> None:
    assert sse_data(head + body + end) == sse_fields(head + body + end)[1]


def test_a_byte_order_mark_before_the_first_event_is_no_part_of_it() -> None:
    """The standard drops one at the start of the stream. The frame keeps it: bytes in, bytes out."""
    frames, rest = fed(SSE, [b"\xef", b"\xbb\xbfda", b"ta: 1\n\ndata: 2\n\n"])
    assert (frames, rest) == ([b"\xef\xbb\xbfdata: 1\n\n", b"data: 2\n\n"], b"")
    assert [sse_data(frame) for frame in frames] == [b"1", b"2"]


LONG = {
    "one line": (SSE, b"x" * 1024, b"\n\n"),
    "one line, CRLF": (SSE, b"x" * 1024, b"\r\n\r\n"),
    "CRLF within": (SSE, b"data: " + b"x" * 1016 + b"\r\n", b"\r\n"),
    "many lines": (SSE, (b"data: " + b"x" * 57 + b"\n") * 16, b"\n"),
    "cut in CRLF": (SSE, b"\n" + b"x" * 1022 + b"\r", b"\n\r\n"),
    "JSON": (NDJSON, b"x" * 1024, b"\n"),
}


@pytest.mark.parametrize("name", LONG)
def test_a_huge_frame_in_small_reads_takes_linear_time(name: str) -> None:
    """Four times the bytes, four times the time (16 if each read looked at all that came before)."""
    framing, piece, end = LONG[name]

    def seconds(pieces: int) -> float:
        framer, started = framing.framer(), time.process_time()
        for _ in range(pieces):
            assert framer.feed(piece) == []
        (frame,) = framer.feed(end)
        assert len(frame) == pieces * len(piece) + len(end)
        return time.process_time() - started

    ratio = min(seconds(4096) for _ in range(5)) / min(seconds(1024) for _ in range(5))
    assert ratio < 8
