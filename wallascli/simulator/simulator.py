"""The simulator as a thing to start and stop, inside a program or as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TypeAlias

from wallascli.simulator import control, tls
from wallascli.simulator.connection import Connection
from wallascli.simulator.js import JsonObject, compact
from wallascli.simulator.log import Entry
from wallascli.simulator.ports import OddPorts
from wallascli.simulator.server import Server

BACKLOG = 4096
Scripts: TypeAlias = Mapping[str, str | Sequence[str]]


class Simulator:
    """A stand-in for AI providers on loopback.

    `scripts` maps a provider (the first segment of the path) or `*` to a script, or to several: one for each chat.
    `certificate`: good, expired or othername opens a second port that speaks TLS. On the first port a TLS handshake
    is answered as `order(handshake=...)` says: plain, alert, reset, stall.
    """

    def __init__(
        self, port: int = 0, *, scripts: Scripts | None = None, host: str = "127.0.0.1", certificate: str = ""
    ) -> None:
        self.server = Server()
        self.host, self.port, self.tls_port = host, port, 0
        self.ports = OddPorts(host)
        self.certificate = tls.make(certificate) if certificate else None
        self._listeners: list[asyncio.Server] = []
        for provider, script in (scripts or {}).items():
            self.script(provider, *([script] if isinstance(script, str) else script))

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://{self.host}:{self.tls_port}"

    @property
    def log(self) -> deque[Entry]:
        """What was asked, oldest first."""
        return self.server.log.entries

    @property
    def stats(self) -> dict[str, int]:
        """Open connections, requests in flight, totals since the start."""
        return control.stats(self.server)

    def script(self, provider: str, *scripts: str, model: str = "", key: str = "", operation: str = "chat") -> None:
        """From now on a provider behaves so; several scripts: one for each request, the last one stays.

        A rule is about chats; `operation="models"` is about their lists, `""` about everything. Raises UnknownWord.
        """
        self.server.rules.add(scripts, provider, model, key, operation)

    def order(self, **order: object) -> None:
        """What `POST /_simulator/script` takes. Raises UnknownWord, ValueError."""
        control.apply(self.server, order)

    def clear(self) -> None:
        """Forget rules and log."""
        control.clear(self.server)

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self.port = await self._listen(self.port, None)
        if self.certificate:
            self.tls_port = await self._listen(self.tls_port, self.certificate)

    async def stop(self) -> None:
        """Stop listening and break all connections."""
        await self.pause()
        for connection in list(self.server.connections):
            connection.abort()
        self.ports.close()
        for _ in range(3):  # the loop's turns for connection_lost, the cancelling of tasks, and their end
            await asyncio.sleep(0)

    async def pause(self) -> None:
        """Refuse connections from now on, as if down; open ones stay. `start` listens on the same ports again."""
        while self._listeners:
            self._listeners.pop().close()
        await asyncio.sleep(0)

    async def quiet(self, within: float = 2.0) -> bool:
        """Wait until no request is in flight; False when that took longer than so many seconds."""
        deadline = asyncio.get_running_loop().time() + within
        while self.server.in_flight:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.001)
        return True

    async def _listen(self, port: int, certificate: tls.Certificate | None) -> int:
        listener = await asyncio.get_running_loop().create_server(
            lambda: Connection(self.server),
            self.host,
            port,
            backlog=BACKLOG,
            reuse_address=True,
            ssl=certificate.server_context() if certificate else None,
        )
        self._listeners.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def serve(simulator: Simulator, *, follow_stdin: bool = False) -> None:
    """Run until SIGTERM or SIGINT, or (`follow_stdin`) stdin is closed; prints a line of JSON when ready."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if follow_stdin:
        stdin = sys.stdin.fileno()
        loop.add_reader(stdin, lambda: None if os.read(stdin, 4096) else stop.set())
    async with simulator:
        print(compact(ready(simulator)), flush=True)
        await stop.wait()


def ready(simulator: Simulator) -> JsonObject:
    """Where it listens."""
    where: JsonObject = {"url": simulator.url, "port": simulator.port}
    if simulator.certificate:
        where |= {"tls_url": simulator.tls_url, "certificate": simulator.certificate.certificate}
    return where


def run(
    port: int = 0,
    *,
    scripts: Scripts | None = None,
    host: str = "127.0.0.1",
    certificate: str = "",
    follow_stdin: bool = False,
) -> None:
    """Run a simulator in this process until it is told to stop."""
    simulator = Simulator(port, scripts=scripts, host=host, certificate=certificate)
    asyncio.run(serve(simulator, follow_stdin=follow_stdin))
