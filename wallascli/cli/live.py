"""What is said on stderr while somebody waits: who is being asked, who failed, how long it takes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

from wallascli.cli import terminal
from wallascli.cli.messages import say
from wallascli.cli.output import tell
from wallascli.cli.terminal import Paint, harmless, is_terminal
from wallascli.routing.course import Turn
from wallascli.vocab.failures import Failure

SILENCE = 0.3  # seconds: what is answered by then needs no spinner
_EVERY = 0.1
_DOTS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN = "|/-\\"


class Progress:
    """``heard`` is for ``Reply.heard``. A spinner on a terminal; with ``verbose`` each attempt in a line."""

    def __init__(self, *, verbose: bool, paint: Paint) -> None:
        self._verbose = verbose
        self._paint = paint
        self._spins = is_terminal(sys.stderr)
        self._marks = _DOTS if terminal.takes(sys.stderr, _DOTS) else _PLAIN
        self._began = time.monotonic()
        self._asked = self._began
        self._asking = ""
        self._failed = ""
        self._drawn = 0
        self._task: asyncio.Task[None] | None = None
        self.before: Callable[[], None] = _nothing
        """Called before anything is told: who draws on the same terminal makes room."""

    def start(self) -> None:
        if self._spins:
            self._task = asyncio.create_task(self._spin(), name="spinner")

    def heard(self, turn: Turn, failure: Failure | None) -> None:
        name, now = turn.candidate.name, time.monotonic()
        if failure is None:
            self._asking, self._asked = name, now
            return
        self._failed = say("live.failed", name=name, kind=failure.kind.value)
        if self._verbose:
            self._clear()
            self.before()
            said = harmless(failure.message)[:200]
            line = say("live.attempt", name=name, kind=failure.kind.value, seconds=now - self._asked, said=said)
            tell(self._paint.bad(line))

    def stop(self) -> None:
        """The answer begins, or there will be none. Safe to call often."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._clear()

    async def _spin(self) -> None:
        await asyncio.sleep(SILENCE)
        turn = 0
        while True:
            self._draw(self._marks[turn % len(self._marks)])
            turn += 1
            await asyncio.sleep(_EVERY)

    def _draw(self, mark: str) -> None:
        seconds = time.monotonic() - self._began
        line = say("live.asking", mark=mark, name=self._asking or "…", seconds=seconds, failed=self._failed)
        line = line[: terminal.size().columns - 1]
        # Spaces over what was longer: no escape code is needed, so NO_COLOR and dumb terminals are served too.
        tell("\r" + line.ljust(self._drawn), end="")
        self._drawn = len(line)

    def _clear(self) -> None:
        if self._drawn:
            tell("\r" + " " * self._drawn + "\r", end="")
            self._drawn = 0


def _nothing() -> None:
    pass
