"""Requests are read the same however the network cuts them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.simulator.http import NotHttp, Request, RequestReader, chunk

PLAIN = (
    b"POST /a%20b/chat?alt=sse&key= HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 5\r\n\r\nhello"
    b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
)
CHUNKED = (
    b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n"
    b"GET /next HTTP/1.1\r\n\r\n"
)


def read(parts: list[bytes]) -> list[Request]:
    reader, found = RequestReader(), []
    for part in parts:
        reader.feed(part)
        while (request := reader.next()) is not None:
            found.append(request)
    return found


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % len(whole) for place in places), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(edges)]


@given(st.lists(st.integers(0, 1000), max_size=8), st.sampled_from([PLAIN, CHUNKED]))
def test_reading_does_not_depend_on_packets(places: list[int], whole: bytes) -> None:
    assert read(cut(whole, places)) == read([whole])


def test_a_request_is_read_with_its_query_headers_and_body() -> None:
    first, second = read([PLAIN])
    assert (first.method, first.path, first.query) == ("POST", "/a b/chat", {"alt": "sse", "key": ""})
    assert first.headers == {"host": "x", "x-two": "1, 2", "content-length": "5"}
    assert first.body == b"hello"
    assert first.keep_alive
    assert (second.path, second.body, second.keep_alive) == ("/next", b"", False)


def test_a_chunked_body_is_put_together() -> None:
    assert [request.body for request in read([CHUNKED])] == [b"hello world", b""]


def test_fifty_megabytes_are_one_body() -> None:
    size = 50 * 1024 * 1024
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
    block = bytes(256 * 1024)
    for _ in range(size // len(block)):
        assert reader.next() is None
        reader.feed(block)
    request = reader.next()
    assert request is not None
    assert len(request.body) == size


def test_who_waits_for_a_continue_is_told_once() -> None:
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reader.next() is None
    assert [reader.take_continue(), reader.take_continue()] == [True, False]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon here\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"GET /" + b"a" * 70_000, 431),
    ],
)
def test_what_is_no_request_is_refused(sent: bytes, status: int) -> None:
    with pytest.raises(NotHttp) as refused:
        read([sent])
    assert refused.value.status == status


def test_a_chunk_says_its_length() -> None:
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
