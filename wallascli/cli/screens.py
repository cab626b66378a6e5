"""Where the text of an answer goes: piece by piece as it is, or rendered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from wallascli.cli.live import Progress
from wallascli.cli.output import CannotWrite, tell, write
from wallascli.cli.terminal import Paint, harmless
from wallascli.vocab.events import Event, RefusalDelta, TextDelta, ThoughtDelta

_TICK = 0.08


@dataclass(frozen=True, slots=True)
class Look:
    """How an answer is shown. ``live``: stdout is a terminal; ``paint`` is for stderr."""

    as_json: bool
    markdown: bool
    live: bool
    verbose: bool
    paint: Paint


class Screen(Protocol):
    def feed(self, text: str) -> None: ...
    def tick(self) -> None: ...
    def make_room(self) -> None: ...
    def end(self) -> None: ...


class Plain:
    """Each piece as it comes; a newline at the end where there is none."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._last = ""

    def feed(self, text: str) -> None:
        text = harmless(text) if self._live else text
        if text:
            write(text)
            self._last = text[-1]

    def tick(self) -> None:
        pass

    def make_room(self) -> None:
        pass

    def end(self) -> None:
        if self._last not in ("", "\n"):
            write("\n")


def screen_for(look: Look) -> Screen:
    if not look.markdown:
        return Plain(live=look.live)
    from wallascli.cli.markdown import Rendered  # 100 ms, while the provider is already talking

    return Rendered(write, live=look.live)


class Showing:
    """An answer while it arrives: text to stdout, thoughts (if wanted) to stderr. ``end`` however it ends."""

    def __init__(self, look: Look, progress: Progress) -> None:
        self._look = look
        self._progress = progress
        self._screen: Screen | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._thinking = False

    def take(self, event: Event) -> None:
        match event:
            case TextDelta(text, 0) | RefusalDelta(text, 0) if text:
                self._say(text)
            case ThoughtDelta(text) if text and self._look.verbose:
                self._progress.stop()
                self._thinking = True
                tell(self._look.paint.dim(harmless(text)), end="")
            case _:
                pass

    def _say(self, text: str) -> None:
        if self._screen is None:
            self._progress.stop()
            self._close_thought()
            self._screen = screen_for(self._look)
            self._progress.before = self._screen.make_room
            self._ticking = asyncio.create_task(_tick(self._screen), name="drawing")
        self._screen.feed(text)

    def _close_thought(self) -> None:
        if self._thinking:
            tell("")
            self._thinking = False

    def end(self) -> None:
        self._progress.stop()
        self._close_thought()
        if self._ticking is not None:
            self._ticking.cancel()
        if self._screen is not None:
            self._screen.end()


async def _tick(screen: Screen) -> None:
    while True:
        await asyncio.sleep(_TICK)
        try:
            screen.tick()
        except CannotWrite:  # the next piece meets the same, and ends the program
            return
