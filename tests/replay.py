"""A provider on loopback that answers with what a real one once said.

It is an HTTP/1.1 server of its own, on bare asyncio streams: nothing it shares with what it tests can hide a fault.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from tests.exchanges import Exchange

# What belongs to the recorded connection, not to the answer; and a length, which may have been of a packed body.
OF_THE_CONNECTION = frozenset(
    "connection keep-alive transfer-encoding content-length content-encoding date set-cookie upgrade".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; header names in lower case, ``target`` with its query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Replay:
    """``async with Replay(exchange) as server``: every request to ``server.url`` gets the recorded answer.

    Several exchanges answer in turn, the last one again and again. A streamed body comes in the network chunks of
    the recording; ``size`` cuts it into pieces of so many bytes instead, ``pause`` is the time between two, in
    seconds. ``requests`` is what was asked, in order.
    """

    def __init__(self, *exchanges: Exchange, size: int = 0, pause: float = 0) -> None:
        self.exchanges = exchanges
        self.size = size
        self.pause = pause
        self.requests: list[Asked] = []
        self._server: asyncio.Server
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``; any path below it is answered."""
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive for as many requests as the client sends."""
        try:
            while (asked := await _asked(reader)) is not None:
                turn = min(len(self.requests), len(self.exchanges) - 1)
                self.requests.append(asked)
                await self._answer(writer, self.exchanges[turn])
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up, as clients do
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, exchange: Exchange) -> None:
        streamed = exchange.streamed or self.size > 0
        writer.write(_head(exchange, streamed=streamed))
        if not streamed:
            writer.write(exchange.body)
            await writer.drain()
            return
        for piece in self._pieces(exchange):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
            await asyncio.sleep(self.pause)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _pieces(self, exchange: Exchange) -> Iterator[bytes]:
        if not self.size:
            yield from filter(None, exchange.chunks)
            return
        for start in range(0, len(exchange.body), self.size):
            yield exchange.body[start : start + self.size]


def _head(exchange: Exchange, *, streamed: bool) -> bytes:
    headers = {name: value for name, value in exchange.headers.items() if name not in OF_THE_CONNECTION}
    if streamed:
        headers["transfer-encoding"] = "chunked"
    else:
        headers["content-length"] = str(len(exchange.body))
    lines = [f"HTTP/1.1 {exchange.status} {HTTPStatus(exchange.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _asked(reader: asyncio.StreamReader) -> Asked | None:
    """The next request of a connection; ``None`` if the client has closed it."""
    if not (first := await reader.readline()):
        return None
    method, target, _ = first.decode("latin-1").split()
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(method, target, headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    pieces = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)
