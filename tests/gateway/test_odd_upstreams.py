"""Providers that speak HTTP in ways no simulator of ours does: bytes written by hand, asked by a real gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.gateway.answers import Answer, ask
from tests.gateway.serving import Gateway, Pretended, config, gateway

ANSWER = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "fine"}, "finish_reason": "stop"}],
    }
).encode()
LIMIT = json.dumps({"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}).encode()


def event(**delta: object) -> bytes:
    chunk = {"id": "1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


FINISH = b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
EVENTS = event(content="fine") + FINISH + DONE


def head(*lines: str, kind: str = "text/event-stream") -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", f"Content-Type: {kind}", *lines, "", "")).encode()


def sized(body: bytes, kind: str = "text/event-stream", *lines: str) -> bytes:
    return head(f"Content-Length: {len(body)}", *lines, kind=kind) + body


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return head("Transfer-Encoding: chunked") + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + end


# What is written for a streamed question, after which the connection stays open; the answer is "fine".
FINE: dict[str, bytes] = {
    "a long header": sized(EVENTS, "text/event-stream", "Set-Cookie: " + "x" * 20_000),
    "many headers": sized(EVENTS, "text/event-stream", *(f"X-Extra-{n}: {n}" for n in range(100))),
    "headers in other letters": sized(EVENTS).replace(b"Content-Length", b"cOnTeNt-LeNgTh"),
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sized(EVENTS),
    "a hundred continues": b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + sized(EVENTS),
    "trailers": chunked(EVENTS, end=b"0\r\nX-Checksum: 5\r\n\r\n"),
    "one byte a chunk": chunked(*(EVENTS[i : i + 1] for i in range(len(EVENTS)))),
    "extensions of chunks": chunked(EVENTS).replace(b"\r\ndata", b";name=value\r\ndata", 1),
    "a body without end": head() + EVENTS,
    "a chunked body without end": head("Transfer-Encoding: chunked") + b"%x\r\n%s\r\n" % (len(EVENTS), EVENTS),
    "only the finish reason": head() + event(content="fine") + FINISH,
    "a mark of byte order": sized(b"\xef\xbb\xbf" + EVENTS),
    "fields of events": sized(b"id: 1\nretry: 5\nevent: message\n" + EVENTS),
    "no space": sized(EVENTS.replace(b"data: ", b"data:")),
    "comments": sized(b": ok\n\n:\n\n" + EVENTS.replace(b"data: [", b": wait\n\ndata: [")),
    "usage after the finish": sized(
        event(content="fine")
        + FINISH
        + b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'
        + DONE
    ),
    "a plain answer": sized(ANSWER, "application/json"),
    "a plain answer, pretty": sized(json.dumps(json.loads(ANSWER), indent=2).encode(), "application/json"),
}
# Nothing of it is an answer; as which failure it is judged, and what the caller is told.
BAD: dict[str, tuple[bytes, int, str]] = {
    "a plain error": (sized(LIMIT, "application/json"), 429, "rate_limited"),
    "an error as an event": (sized(b"data: " + LIMIT + b"\n\n"), 429, "rate_limited"),
    "a short body": (head("Content-Length: 5000") + event(role="assistant"), 502, "broken"),
    "a length that is none": (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + EVENTS, 502, "broken"),
    "a status that is none": (b"HTTP/1.1 abc OK\r\n\r\n", 502, "broken"),
    "another protocol": (b"HTTP/9.9 200 OK\r\n\r\n", 502, "broken"),
    "an upgrade": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", 502, ""),
    "a packing nobody asked for": (sized(EVENTS, "text/event-stream", "Content-Encoding: zstd"), 502, "broken"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 502, "broken"),
}

Serve = Callable[[bytes], Awaitable[None]]


class Odd:
    """A server that answers whatever it is asked with the bytes of the day."""

    def __init__(self) -> None:
        self.says = b""
        self.closes = False
        self.asked = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (
                        int(line[15:])
                        for line in asked.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                await reader.readexactly(length)
                self.asked += 1
                writer.write(self.says)
                await writer.drain()
                if self.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(odd: Odd) -> AsyncIterator[int]:
    server = await asyncio.start_server(odd.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest_asyncio.fixture
async def odd(tmp_path: Path) -> AsyncIterator[tuple[Odd, Gateway]]:
    server = Odd()
    async with listening(server) as port:
        provider = Pretended("odd", models=("m",), settings={"base_url": f"http://127.0.0.1:{port}/v1"})
        settings = config("", [provider], "[deadlines]\nfirst_byte_last = 4\nidle_last = 4\ntotal = 8\n")
        with gateway(tmp_path, settings) as running:
            yield server, running


async def test_an_answer_in_any_http_is_an_answer(odd: tuple[Odd, Gateway]) -> None:
    server, running = odd
    wrong = []
    async with running.client() as client:
        for name, says in FINE.items():
            for closes in (False, True):
                server.says, server.closes = says, closes
                answer = await ask(client, "odd:m", "hello", stream=True)
                if not good(answer):
                    wrong.append(
                        f"{name}, closes {closes}: {answer.status} {answer.raw[:300]} in {answer.seconds:.1f} s"
                    )
    assert not wrong, "\n".join(wrong)


def good(answer: Answer) -> bool:
    return (answer.status, answer.text, answer.finish, answer.ended) == (
        200,
        "fine",
        "stop",
        True,
    ) and answer.seconds < 3


async def test_what_is_none_is_judged_and_told(odd: tuple[Odd, Gateway]) -> None:
    server, running = odd
    wrong = []
    async with running.client() as client:
        for name, (says, status, kind) in BAD.items():
            server.says, server.closes = says, True
            answer = await ask(client, "odd:m", "hello", stream=True)
            if answer.status != status or (kind and set(answer.reasons) != {kind}) or answer.seconds > 3:
                wrong.append(f"{name}: {answer.status} {answer.raw[:300]} in {answer.seconds:.1f} s")
    assert not wrong, "\n".join(wrong)


async def test_what_follows_an_answer_is_not_the_next_one(odd: tuple[Odd, Gateway]) -> None:
    """A kept connection on which more came than was asked for is not used again."""
    server, running = odd
    stray = sized(ANSWER.replace(b"fine", b"stray"), "application/json")
    async with running.client() as client:
        for _ in range(5):
            server.says = sized(ANSWER, "application/json") + stray
            answer = await ask(client, "odd:m", "hello")
            assert answer.text == "fine"
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("status", [200, 500])
async def test_a_body_that_never_ends_is_not_read_for_ever(odd: tuple[Odd, Gateway], status: int) -> None:
    server, running = odd
    begins = head("Transfer-Encoding: chunked", kind="application/json").replace(b"200 OK", b"%d No" % status)
    piece = b"%x\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
    server.says = begins + piece * 80
    before = running.memory()
    async with running.client() as client:
        answer = await ask(client, "odd:m", "hello")
    assert answer.status in (502, 504)
    assert answer.seconds < 9
    assert running.memory() - before < 200 << 20
