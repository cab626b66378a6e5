"""Holding tool calls back until they are whole, so that half a call never reaches a client.

A call is whole when the next item begins, when the answer finishes, or when its arguments close as a JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wallascli.vocab.events import (
    Event,
    Extra,
    Finished,
    LogprobsReported,
    ProviderError,
    Started,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)

_MARKS = re.compile(r'[{}"\\]')


class JsonEnd:
    """Tells when a JSON object, fed in pieces, has closed. Linear, and never parses twice."""

    __slots__ = ("_depth", "_escaped_at", "_in_string", "_seen", "closed")

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped_at = -1
        self._seen = 0
        self.closed = False

    def feed(self, piece: str) -> bool:
        for match in _MARKS.finditer(piece):
            self._mark(match.group(), self._seen + match.start())
        self._seen += len(piece)
        return self.closed

    def _mark(self, mark: str, position: int) -> None:
        if position == self._escaped_at:
            return
        if self._in_string:
            if mark == "\\":
                self._escaped_at = position + 1
            elif mark == '"':
                self._in_string = False
            return
        if mark == '"':
            self._in_string = True
        elif mark == "{":
            self._depth += 1
        elif mark == "}":
            self._depth -= 1
            self.closed = self._depth <= 0


class CallGate:
    """Lets everything pass but calls that are not whole yet."""

    __slots__ = ("_ends", "_held", "_open", "passed")

    def __init__(self) -> None:
        self._held: list[Event] = []
        self._ends: dict[tuple[int, int], JsonEnd] = {}
        self._open: tuple[int, int] | None = None
        self.passed = 0
        """Whole calls let through so far."""

    @property
    def is_open(self) -> bool:
        """Whether a call is being held back."""
        return self._open is not None

    def let_through(self, events: Iterable[Event]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            self._one(event, out)
        return out

    def close(self) -> list[Event]:
        """The next item began: what was held is whole."""
        held, self._held = self._held, []
        if self._open is not None:
            self._open = None
            self.passed += 1
        return held

    def _one(self, event: Event, out: list[Event]) -> None:
        match event:
            case ToolCallStarted(index, choice=choice):
                out += self.close()
                self._open = (choice, index)
                self._ends[self._open] = JsonEnd()
                self._held.append(event)
            case ToolCallDelta(index, arguments, choice):
                self._piece(event, (choice, index), arguments, out)
            case Started() | UsageReported() | LogprobsReported() | Extra() | ProviderError():
                (self._held if self.is_open else out).append(event)
            case Finished():
                out += [*self.close(), event]
            case _:
                out += [*self.close(), event]

    def _piece(self, event: Event, call: tuple[int, int], arguments: str, out: list[Event]) -> None:
        if call != self._open:
            # A piece for a call already let through (pieces of parallel calls mixed): it still must not be lost.
            out.append(event)
            return
        self._held.append(event)
        if self._ends[call].feed(arguments):
            out += self.close()
