"""The bridge between health in memory, on the event loop, and the file, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, Self

from wallascli.store.rows import Memory
from wallascli.store.sqlite import Unavailable

EVERY = 1.0  # seconds between two writes: what `kill -9` may cost
CLOSING = 5.0  # seconds that the last write may take: longer than ``sqlite.BUSY``, shorter than patience
LISTEN = 2  # of those turns, one in so many asks what others wrote when there is nothing to write


class Remembers(Protocol):
    """What lives on the loop. Its averages are handed over as additions, each only once."""

    def take(self) -> Memory:
        """What changed since the last ``take``."""
        ...

    def put_back(self, changes: Memory) -> None:
        """What was taken could not be kept: hand it over again next time."""
        ...

    def merge(self, found: Memory) -> None:
        """Rows that others, or we, have changed in the store."""
        ...


class Store(Protocol):
    """Blocking, used by one thread only. ``exchange`` raises ``Unavailable`` if nothing was kept."""

    def exchange(self, changes: Memory) -> Memory: ...

    def close(self) -> None: ...


class Keeper:
    """Carries rows both ways, at most once a second, and once more at ``close``.

    ``async with`` (or ``start``) loads what is known before the first request is planned.
    """

    def __init__(self, store: Store, memory: Remembers, *, every: float = EVERY) -> None:
        self._store = store
        self._memory = memory
        self._every = every
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="wallas-health")
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Read what is known, then keep it up in the background."""
        await self.flush()
        self._task = asyncio.create_task(self._keep_up(), name="health keeper")

    async def flush(self) -> None:
        """Write what changed and read what others changed, now."""
        await self._exchange(self._memory.take())

    async def close(self) -> None:
        """Write what changed, and let go of file and thread. Safe to call twice."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                if self._task is not None:
                    await self._task
                await self.flush()
        self._thread.submit(self._store.close)
        self._thread.shutdown(wait=False)

    async def _keep_up(self) -> None:
        turn = 0
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._stopped.wait()
            turn += 1
            changes = self._memory.take()
            if changes or turn % LISTEN == 0:
                await self._exchange(changes)

    async def _exchange(self, changes: Memory) -> None:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, self._store.exchange, changes)
        # In a callback, because the wait below may be cancelled while the thread goes on and succeeds: rows
        # put back then would be counted twice.
        work.add_done_callback(functools.partial(self._received, changes))
        with contextlib.suppress(Unavailable):
            await asyncio.shield(work)

    def _received(self, changes: Memory, work: asyncio.Future[Memory]) -> None:
        if work.cancelled() or work.exception() is not None:
            self._memory.put_back(changes)
        else:
            self._memory.merge(work.result())
