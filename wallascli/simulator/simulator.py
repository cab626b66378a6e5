"""The simulator as a thing to start and stop, inside a program or as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType

from wallascli.simulator import control
from wallascli.simulator.connection import Connection
from wallascli.simulator.js import JsonObject, compact
from wallascli.simulator.log import Entry
from wallascli.simulator.server import Server

BACKLOG = 4096


class Simulator:
    """A stand-in for AI providers on loopback.

    `scripts` maps a provider (the first segment of the path), or `*`, to a script or to several, one for each request.
    """

    def __init__(self, port: int = 0, *, scripts: Mapping[str, str | Sequence[str]] | None = None,
                 host: str = "127.0.0.1") -> None:
        self.server = Server()
        self.host, self.port = host, port
        self._listener: asyncio.Server | None = None
        self._held: list[socket.socket] = []
        for provider, script in (scripts or {}).items():
            self.script(provider, *([script] if isinstance(script, str) else script))

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> deque[Entry]:
        """What was asked, oldest first."""
        return self.server.log.entries

    @property
    def stats(self) -> JsonObject:
        return control.stats(self.server)

    def script(self, provider: str, *scripts: str, model: str = "", key: str = "") -> None:
        """From now on a provider behaves so; several scripts: one for each request, the last one stays."""
        self.server.rules.add(scripts, provider, model, key)

    def order(self, **order: object) -> None:
        """What `POST /_simulator/script` takes: provider, script, model, key, models, keys, wire, handshake."""
        control.apply(self.server, order)

    def clear(self) -> None:
        """Forget rules and log."""
        self.server.rules.clear()
        self.server.log.clear()
        self.server.handshake = "plain"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self.server), self.host, self.port,
                                                  backlog=BACKLOG, reuse_address=True)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and break all connections."""
        await self.pause()
        for connection in list(self.server.connections):
            connection.abort()
        for held in self._held:
            held.close()
        await asyncio.sleep(0)

    async def pause(self) -> None:
        """Stop listening: from now on connections are refused; those open stay. `start` listens on the same port."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            await asyncio.sleep(0)

    def refused_port(self) -> int:
        """A port where nobody listens; it stays so until the simulator stops."""
        held = socket.socket()
        held.bind((self.host, 0))
        self._held.append(held)
        return int(held.getsockname()[1])

    def silent_port(self) -> int:
        """A port where connecting takes for ever: its queue is full, and nobody accepts."""
        held = socket.socket()
        held.bind((self.host, 0))
        held.listen(0)
        self._held.append(held)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(held.getsockname())
            self._held.append(filler)
        return int(held.getsockname()[1])

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.stop()


async def serve(simulator: Simulator, *, follow_stdin: bool = False) -> None:
    """Run until SIGTERM or SIGINT; prints one line of JSON when ready. `follow_stdin`: also until stdin is closed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if follow_stdin:
        stdin = sys.stdin.fileno()
        loop.add_reader(stdin, lambda: None if os.read(stdin, 4096) else stop.set())
    async with simulator:
        print(compact({"url": simulator.url, "port": simulator.port}), flush=True)
        await stop.wait()


def run(port: int = 0, *, scripts: Mapping[str, str | Sequence[str]] | None = None, host: str = "127.0.0.1",
        follow_stdin: bool = False) -> None:
    """Run a simulator in this process until it is told to stop."""
    asyncio.run(serve(Simulator(port, scripts=scripts, host=host), follow_stdin=follow_stdin))
