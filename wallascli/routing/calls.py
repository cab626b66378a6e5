"""Holding tool calls back until they are whole, so that half a call never reaches a client.

A call is whole when its arguments close as a JSON object, when text or a thought follows it, or when the answer
finishes. That another call begins says so too, but only if its own arguments have closed: some servers mix the
pieces of parallel calls.
"""

from __future__ import annotations

import re

from wallascli.vocab.events import (
    Event,
    Extra,
    LogprobsReported,
    ProviderError,
    Started,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)

_MARKS = re.compile(r'[][{}"\\]')
_OF_CALLS = (ToolCallStarted, ToolCallDelta)


class JsonEnd:
    """Tells when a JSON object (or a list), fed in pieces, has closed. Linear, and never parses twice."""

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
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            self.closed = self._depth <= 0


class CallGate:
    """Lets everything pass but calls that are not whole yet, and what came after them."""

    __slots__ = ("_calls", "_held", "_open", "passed")

    def __init__(self) -> None:
        self._held: list[Event] = []
        self._open: dict[tuple[int, int], JsonEnd] = {}
        self._calls = 0
        self.passed = 0
        """Whole calls let through so far."""

    @property
    def is_open(self) -> bool:
        """Whether a call is being held back."""
        return bool(self._open)

    def let_through(self, events: list[Event]) -> list[Event]:
        """What may go on now, in the order in which it came."""
        if not self._open and not any(type(event) in _OF_CALLS for event in events):
            return events
        out: list[Event] = []
        for event in events:
            self._one(event, out)
        return out

    def close(self) -> list[Event]:
        """The next item began, or the answer is over: what was held is whole."""
        self._open.clear()
        return self._released()

    def _released(self) -> list[Event]:
        held, self._held = self._held, []
        self.passed += self._calls
        self._calls = 0
        return held

    def _one(self, event: Event, out: list[Event]) -> None:
        match event:
            case ToolCallStarted(index, choice=choice):
                self._open[choice, index] = JsonEnd()
                self._calls += 1
                self._held.append(event)
            case ToolCallDelta(index, arguments, choice):
                self._piece(event, (choice, index), arguments, out)
            case Started() | UsageReported() | LogprobsReported() | Extra() | ProviderError():
                (self._held if self._open else out).append(event)
            case _:
                # Text, a thought, the end: this choice's calls are over; another choice's may still grow.
                for call in [call for call in self._open if call[0] == event.choice]:
                    del self._open[call]
                self._held.append(event)
                if not self._open:
                    out += self._released()

    def _piece(self, event: Event, call: tuple[int, int], arguments: str, out: list[Event]) -> None:
        end = self._open.get(call)
        if end is None and not self._open:
            # A piece for a call already let through (blanks behind its last brace): it still must not be lost.
            out.append(event)
            return
        self._held.append(event)
        if end is not None and end.feed(arguments):
            del self._open[call]
            if not self._open:
                out += self._released()
