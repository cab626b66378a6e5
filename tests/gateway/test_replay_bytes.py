"""The same answers however a network and a server deliver them: cut anywhere, packed, with or without a length."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
import pytest_asyncio

from tests.exchanges import Exchange
from tests.gateway.replayed import (
    ANSWERS,
    END_MARK,
    Replayed,
    Row,
    as_told,
    exchange_of,
    name_of,
    question,
    replayed,
    understood,
    unlike,
)
from tests.replay import OF_THE_CONNECTION, Replay

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = 12_000


def sample(*, stream: bool, each: int) -> list[Row]:
    """The same few of every provider and wire: text, thoughts and calls, where it has them."""
    found: dict[tuple[str, str, bool, bool], list[Row]] = {}
    for row in ANSWERS:
        if row["stream"] == stream and len(exchange_of(row).body) < SMALL:
            first = row["choices"][0] if row["choices"] else {"calls": [], "thoughts": ""}
            kind = (row["file"].partition("/")[0], row["wire"], bool(first["calls"]), bool(first["thoughts"]))
            found.setdefault(kind, []).append(row)
    return [row for rows in found.values() for row in rows[:each]]


STREAMS = sample(stream=True, each=1)
WHOLES = sample(stream=False, each=1)
every_stream = pytest.mark.parametrize("row", STREAMS, ids=map(name_of, STREAMS))


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a body comes. `cuts` are places in it; after each there is a pause, in seconds."""

    delimited: str = "chunked"  # chunked, length, close
    packed: bool = False
    cuts: tuple[int, ...] = ()
    pause: float = 0.0


class Delivering(Replay):
    """Delivers as it is told."""

    delivery = Delivery()

    async def _answer(self, writer: asyncio.StreamWriter, exchange: Exchange) -> None:
        told = self.delivery
        body = gzip.compress(exchange.body) if told.packed else exchange.body
        writer.write(head(exchange, told, len(body)))
        for piece in in_pieces(body, told.cuts):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if told.delimited == "chunked" else piece)
            await writer.drain()
            await asyncio.sleep(told.pause)
        if told.delimited == "chunked":
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        if told.delimited == "close":
            writer.close()


def head(exchange: Exchange, told: Delivery, length: int) -> bytes:
    headers = {name: value for name, value in exchange.headers.items() if name not in OF_THE_CONNECTION}
    if told.packed:
        headers["content-encoding"] = "gzip"
    headers |= {
        "chunked": {"transfer-encoding": "chunked"},
        "length": {"content-length": str(length)},
        "close": {"connection": "close"},
    }[told.delimited]
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def in_pieces(body: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    places = [0, *sorted(cuts), len(body)]
    return (body[start:end] for start, end in pairwise(places) if start < end)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def delivering(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replayed]:
    async with replayed(tmp_path_factory.mktemp("gateway"), Delivering()) as running:
        yield running


async def check(gateway: Replayed, row: Row, delivery: Delivery, exchange: Exchange | None = None) -> None:
    """Where the wire is the client's the bytes are those delivered, elsewhere the words are."""
    assert isinstance(gateway.replay, Delivering)
    gateway.replay.delivery = delivery
    sent = exchange or exchange_of(row)
    answer = await gateway.ask(question(row), sent)
    assert answer.status_code == 200
    if row["wire"] != "openai":
        expected, found = as_told(row, understood(answer))
        assert found == expected
        return
    body = sent.body if not row["stream"] or sent.body[-2:] in (b"\n\n", b"\r\n") else sent.body + b"\n\n"
    missing = END_MARK if row["stream"] and b"data: [DONE]" not in body else b""
    assert unlike(answer.content, body + missing) == ""


@every_stream
async def test_one_byte_at_a_time(delivering: Replayed, row: Row) -> None:
    await check(delivering, row, Delivery(cuts=tuple(range(len(exchange_of(row).body)))))


@every_stream
@pytest.mark.parametrize("seed", range(3))
async def test_cut_anywhere_with_pauses(delivering: Replayed, row: Row, seed: int) -> None:
    chance = random.Random(f"{name_of(row)}{seed}")
    cuts = tuple(chance.randrange(len(exchange_of(row).body)) for _ in range(12))
    await check(delivering, row, Delivery(cuts=cuts, pause=0.001))


@pytest.mark.parametrize("packed", [False, True], ids=["", "gzip"])
@pytest.mark.parametrize("delimited", ["chunked", "length", "close"])
@pytest.mark.parametrize("row", [*STREAMS, *WHOLES], ids=map(name_of, [*STREAMS, *WHOLES]))
async def test_packed_and_delimited_anyhow(delivering: Replayed, row: Row, delimited: str, packed: bool) -> None:
    await check(delivering, row, Delivery(delimited, packed, cuts=(10, 50, 51, 200)))


def rewritten(row: Row, body: bytes) -> Exchange:
    return replace(exchange_of(row), chunks=(body,))


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["crlf", "cr"])
@pytest.mark.parametrize("row", [row for row in STREAMS if row["wire"] != "ollama"], ids=name_of)
async def test_lines_that_end_otherwise(delivering: Replayed, row: Row, end: bytes) -> None:
    body = exchange_of(row).body.replace(b"\r\n", b"\n").replace(b"\n", end)
    chance = random.Random(name_of(row))
    cuts = tuple(chance.randrange(len(body)) for _ in range(8))
    exchange = rewritten(row, body)
    if end == b"\r" and row["wire"] == "openai":
        # Old Macs' line ends are allowed and nobody sends them: that the words arrive is enough.
        assert isinstance(delivering.replay, Delivering)
        delivering.replay.delivery = Delivery(cuts=cuts)
        answer = await delivering.ask(question(row), exchange)
        assert answer.content.startswith(body.rstrip(b"\r"))
        return
    await check(delivering, row, Delivery(cuts=cuts), exchange)


@every_stream
async def test_without_a_blank_line_at_the_end(delivering: Replayed, row: Row) -> None:
    await check(delivering, row, Delivery(), rewritten(row, exchange_of(row).body.rstrip()))


@every_stream
async def test_comments_and_a_byte_order_mark_say_nothing(delivering: Replayed, row: Row) -> None:
    body = exchange_of(row).body
    if row["wire"] == "ollama":
        noisy = body.replace(b"\n", b"\n\n")
    else:
        noisy = b"\xef\xbb\xbf: hello\n\n" + body.replace(b"\n\ndata:", b"\n\n: keep-alive\n\n:\n\ndata:")
    await check(delivering, row, Delivery(), rewritten(row, noisy))
