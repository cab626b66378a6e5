"""One connection: reads requests, performs the acts of the answers, and notices at once when the client leaves."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from typing import Protocol, assert_never

from wallascli.simulator import http
from wallascli.simulator.acts import Act, Close, Hold, Reset, Send, Wait

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

RST_ON_CLOSE = struct.pack("ii", 1, 0)
HIGH_WATER = 4 * 1024 * 1024
YIELD_EVERY = 16
SIOCOUTQNSD = 0x894B
SETTLE_STEP, SETTLE_MOST = 0.001, 2.0
HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"  # a fatal TLS alert: handshake_failure
PLAIN_ANSWER = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n"


class Exchange(Protocol):
    """What the server makes of one request."""

    bytewise: bool
    close_after: bool
    reset_next: bool

    def acts(self) -> Iterator[Act]:
        """What to do on the socket."""

    def sent(self, content: bool) -> None:
        """Something was written."""

    def ended(self, outcome: str) -> None:
        """The exchange is over: complete, client_gone or killed."""


class Host(Protocol):
    """What a connection needs of the server it belongs to."""

    handshake: str

    def opened(self, connection: Connection) -> int:
        """Take a new connection; gives its number."""

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""

    def exchange(self, request: http.Request, connection: Connection) -> Exchange:
        """Begin to answer a request."""


class Connection(asyncio.Protocol):
    """The protocol of one accepted socket; requests are answered one after the other."""

    _transport: asyncio.Transport  # from connection_made on

    def __init__(self, host: Host) -> None:
        self.host = host
        self.reader = http.RequestReader()
        self.requests = 0
        self.number = 0
        self.control = False
        self.port = 0
        self._task: asyncio.Task[None] | None = None
        self._exchange: Exchange | None = None
        self._writable = asyncio.Event()
        self._first = True
        self._reset_next = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = transport.get_extra_info("sockname")[1]
        self._writable.set()
        self.number = self.host.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._first and data.startswith(http.TLS_HANDSHAKE):
            self._greet_tls()
            return
        self._first = False
        self.reader.feed(data)
        if self._task is None:
            self._next()

    def eof_received(self) -> None:
        return None  # the transport closes, and connection_lost says that the client is gone

    def connection_lost(self, exc: Exception | None) -> None:
        self.host.closed(self)
        if self._exchange is not None:
            self._exchange.ended("client_gone")
            self._exchange = None
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def abort(self) -> None:
        """Break the connection; used when the server stops."""
        self._transport.abort()

    def _greet_tls(self) -> None:
        match self.host.handshake:
            case "plain":
                self._transport.write(PLAIN_ANSWER)
                self._transport.close()
            case "alert":
                self._transport.write(HANDSHAKE_FAILURE)
                self._transport.close()
            case "reset":
                self._break()
            case _:
                pass  # "stall": the handshake is never answered

    def _next(self) -> None:
        try:
            request = self.reader.next()
        except http.NotHttp as error:
            self._transport.write(http.answer(error.status, str(error).encode(), "text/plain"))
            self._transport.close()
            return
        if self.reader.take_continue():
            self._transport.write(http.CONTINUE)
        if request is None:
            return
        if self._reset_next:
            self._break()
            return
        self.requests += 1
        self._exchange = self.host.exchange(request, self)
        self._task = asyncio.get_running_loop().create_task(self._serve(request, self._exchange))

    async def _serve(self, request: http.Request, exchange: Exchange) -> None:
        outcome = "failed"  # an error of the simulator itself: seen in the log, and never a silent hang
        try:
            outcome = await self._perform(exchange)
        finally:
            if self._exchange is not None:
                self._exchange = None
                exchange.ended(outcome)
            if outcome == "failed":
                self.abort()
        self._task = None
        self._reset_next = exchange.reset_next
        if outcome == "killed" or exchange.close_after or not request.keep_alive:
            self._transport.close()
        elif not self._transport.is_closing():
            self._next()

    async def _perform(self, exchange: Exchange) -> str:
        """Perform all acts; gives the outcome."""
        for count, act in enumerate(exchange.acts(), 1):
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            match act:
                case Send(body, content):
                    await self._write(body, exchange.bytewise)
                    exchange.sent(content)
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Hold():
                    await asyncio.Event().wait()
                case Reset():
                    await self._settle()
                    exchange.ended("killed")
                    self._exchange = None
                    self._break()
                    return "killed"
                case Close(whole):
                    self._transport.close()
                    return "complete" if whole else "killed"
                case _:
                    assert_never(act)
        return "complete"

    async def _write(self, body: bytes, bytewise: bool) -> None:
        if not bytewise:
            self._transport.write(body)
        for start in range(len(body) if bytewise else 0):
            self._transport.write(body[start : start + 1])
            await asyncio.sleep(0)
        if not self._writable.is_set():
            await self._writable.wait()

    async def _settle(self) -> None:
        """Wait until the client's kernel has everything, so that a death at chunk k is one after chunk k."""
        sock, waited = self._transport.get_extra_info("socket"), 0.0
        while waited < SETTLE_MOST and (self._transport.get_write_buffer_size() or unsent(sock)):
            await asyncio.sleep(SETTLE_STEP)
            waited += SETTLE_STEP

    def _break(self) -> None:
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        self._transport.abort()


def unsent(sock: socket.socket) -> int:
    """Bytes that have not left for the peer; 0 where that cannot be asked (only Linux can tell)."""
    if fcntl is None:
        return 0
    try:
        # Not TIOCOUTQ: that counts until the acknowledgement, which the peer's kernel delays by 40 ms.
        held = fcntl.ioctl(sock.fileno(), SIOCOUTQNSD, b"\0\0\0\0")
    except OSError:
        return 0
    return int.from_bytes(held, "little")
