"""A client on a bare socket, that can leave as rudely as it likes."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from tests.gateway.serving import chat_body

Way = Literal["fin", "reset"]
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Visitor:
    """One connection. `buffer`: bytes that the kernel may take in before the program reads (0: as usual)."""

    sock: socket.socket
    got: bytearray = field(default_factory=bytearray)

    @classmethod
    async def connect(cls, port: int, buffer: int = 0) -> Self:
        sock = socket.socket()
        sock.setblocking(False)
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        return cls(sock)

    async def send(self, content: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, content)

    async def ask(self, model: str, text: str = "hello", **fields: Any) -> None:
        """Send one chat."""
        await self.send(written(model, text, **fields))

    async def hear(self, word: bytes, within: float = 10.0) -> bytes:
        """Read until these bytes have come; everything that came."""
        searched = 0
        async with asyncio.timeout(within):
            while self.got.find(word, searched) < 0:
                searched = max(0, len(self.got) - len(word))
                self.got += await self._read()
        return bytes(self.got)

    async def listen(self, within: float = 20.0) -> bytes:
        """Read until the other side ends the connection; everything that came."""
        async with asyncio.timeout(within):
            while part := await asyncio.get_running_loop().sock_recv(self.sock, 1 << 16):
                self.got += part
        return bytes(self.got)

    async def _read(self) -> bytes:
        part = await asyncio.get_running_loop().sock_recv(self.sock, 1 << 16)
        if not part:
            raise ConnectionError(f"the other side has left, after {self.got[-300:]!r}")
        return part

    def leave(self, way: Way = "fin") -> float:
        """Close the connection, politely or not; gives the moment (epoch seconds)."""
        if way == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.sock.close()
        return time.time()


def written(model: str, text: str = "hello", **fields: Any) -> bytes:
    """One chat as bytes."""
    body = json.dumps(chat_body(model, text, **fields)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
