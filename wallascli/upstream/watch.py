"""A deadline that moves with every sign of life, at the price of one timer per request.

``asyncio.timeout`` re-arms a timer each time it is moved; a stream moves it once a chunk. Here a touch is an
attribute, and the timer looks at it when it fires.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

NEVER = float("inf")


class Watch:
    """``async with Watch(seconds) as watch``: raises ``TimeoutError`` once the deadline has passed.

    Only while armed: ``rest`` disarms it (the client is slow, not the provider), ``touch`` arms it again.
    ``reason`` says which deadline is meant and is the message of the error.
    """

    __slots__ = ("_before", "_fired", "_looks_at", "_loop", "_task", "_timer", "deadline", "reason")

    def __init__(self, seconds: float, reason: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        # Our own note of its time: uvloop 0.22 gives a handle without ``when`` for what is due at once.
        self._looks_at = NEVER
        self._fired = False
        self._before = 0
        self.deadline = self._loop.time() + seconds
        self.reason = reason

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        self._before = self._task.cancelling() if self._task is not None else 0
        self._arm(self.deadline)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._fired or self._task is None:
            return
        # Somebody else may have cancelled the task too: then that cancellation goes on.
        if self._task.uncancel() <= self._before and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError(self.reason) from error

    def touch(self, seconds: float, reason: str = "") -> None:
        """Move the deadline to ``seconds`` from now."""
        self.deadline = self._loop.time() + seconds
        if reason:
            self.reason = reason
        if self._timer is None or self._looks_at > self.deadline:
            self._arm(self.deadline)

    @property
    def left(self) -> float:
        """Seconds until it fires."""
        return self.deadline - self._loop.time()

    def rest(self) -> None:
        self.deadline = NEVER

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = when
        self._timer = self._loop.call_at(when, self._look) if when != NEVER else None

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() < self.deadline:
            self._arm(self.deadline)
        elif self._task is not None and not self._fired:
            self._fired = True
            self._task.cancel()
