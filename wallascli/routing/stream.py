"""One candidate's stream while it is read: cut into frames, looked at, handed on as bytes or as words.

The three kinds have the same shape (``Feed``): ``take`` each network read, then ``ended`` once the body is over.
``Words`` gives events, ``Translated`` bytes of another wire, ``Verbatim`` the frames as they came. None awaits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from wallascli.routing.calls import CallGate
from wallascli.routing.frames import ErrorInStream, Frames, State
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.events import (
    Event,
    Finished,
    FinishReason,
    MediaMade,
    RefusalDelta,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallStarted,
)
from wallascli.vocab.failures import AttemptFailed
from wallascli.wires.base import Glance, Inbound, Label, Malformed, Outbound, Writer
from wallascli.wires.framing import Framing

_TEXT = Glance.TEXT

T_co = TypeVar("T_co", covariant=True)


class Feed(Protocol[T_co]):
    """What reads a stream: ``take`` raises ``ErrorInStream``, or ``AttemptFailed`` where a frame is broken."""

    @property
    def state(self) -> State: ...

    def take(self, read: bytes) -> T_co: ...

    def ended(self) -> T_co:
        """Raises ``AttemptFailed`` if the answer was cut: no finish reason and no end mark."""
        ...


class Words:
    """Hands on events: for the command line, for a whole answer, for another wire.

    With ``keep`` the frames stay in ``kept``, for who makes a plain answer of them.
    """

    def __init__(self, wire: Outbound, *, skip_malformed: bool, keep: bool = False) -> None:
        self._frames = Frames(wire, skip_malformed=skip_malformed)
        self._keep = keep
        self.kept: list[bytes] = []
        self._glance = wire.glance
        self._reader = wire.reader()
        self._gate = CallGate()
        self.state = self._frames.state

    def take(self, read: bytes) -> list[Event]:
        out: list[Event] = []
        shown = self.state.content
        try:
            for frame in self._frames.cut(read):
                self._frame(frame, out)
        except (AttemptFailed, ErrorInStream) as exc:
            self._frames.put_off(exc, shown=shown and bool(out))
        return out

    def ended(self) -> list[Event]:
        out: list[Event] = []
        if frame := self._frames.last():
            self._frame(frame, out)
        body, events = self._frames.plain()
        if body and self._keep:
            self.kept.append(body)
        self._pass(events or self._reader.end(), out)
        self._frames.check_end()
        out += self._gate.close()
        return out

    def _frame(self, frame: bytes, out: list[Event]) -> None:
        try:
            events = self._reader.feed(frame)
            if not events and self._glance(frame) & Glance.DONE:
                self.state.end_mark()
        except Malformed as error:
            self._frames.malformed(error)
            return
        if self._keep:
            self.kept.append(frame)
        self._pass(events, out)
        self._frames.hold(frame, more=self._gate.is_open)

    def _pass(self, events: list[Event], out: list[Event]) -> None:
        for event in events:
            self.state.note(event)
        ready = self._gate.let_through(events)
        if not self.state.content:
            self.state.content = any(_is_content(event) for event in ready)
        out += ready


def _is_content(event: Event) -> bool:
    return isinstance(event, TextDelta | ThoughtDelta | RefusalDelta | MediaMade | ToolCallStarted)


class Translated:
    """Hands on bytes of the client's wire, made of the words of the provider's."""

    def __init__(self, words: Words, inbound: Inbound, request: ChatRequest, label: Label) -> None:
        self._words = words
        self._inbound = inbound
        self._request = request
        self._default = label
        self._writer: Writer | None = None
        self.state = words.state

    @property
    def writer(self) -> Writer:
        """Made at the first content, when the provider has named the answer."""
        if self._writer is None:
            self._writer = self._inbound.writer(self._request, label_of(self.state.started, self._default))
        return self._writer

    def take(self, read: bytes) -> bytes:
        events = self._words.take(read)
        return self.writer.write(events) if events else b""

    def ended(self) -> bytes:
        events = self._words.ended()
        return self.writer.write(events)

    def end(self) -> bytes:
        """After the last piece; with the finish reason that the provider left out, as clients wait for one."""
        missing = () if self.state.finish else (Finished(FinishReason.STOP),)
        return self.writer.write(missing) + self.writer.end()


def label_of(started: Started, default: Label) -> Label:
    return Label(started.id or default.id, started.model or default.model, started.created or default.created)


class Verbatim:
    """Hands on frames untouched; only the few that must be are read into words.

    ``writer`` writes what came plainly although a stream was asked for. ``several`` answers in one stream (``n``)
    are told apart in words only.
    """

    def __init__(
        self,
        wire: Outbound,
        *,
        skip_malformed: bool,
        writer: Callable[[Feed[bytes]], Writer],
        several: bool = False,
    ) -> None:
        self._frames = Frames(wire, skip_malformed=skip_malformed)
        self._glance = wire.glance
        self._text_run = wire.text_run
        self._reader = wire.reader()
        self._end = b"\n" if wire.framing is Framing.NDJSON else b"\n\n"
        self._gate = CallGate()
        self._held: list[bytes] = []
        self._writer = writer
        self._several = several
        self.state = self._frames.state

    def take(self, read: bytes) -> bytes:
        frames = self._frames.cut(read)
        out: list[bytes] = []
        state, at = self.state, 0
        shown = state.content
        try:
            while at < len(frames):
                passed = self._run(frames, at) if state.content and not self._held and not state.over else at
                out += frames[at:passed]
                if passed < len(frames):
                    self._frame(frames[passed], out)
                at = passed + 1
        except (AttemptFailed, ErrorInStream) as exc:
            self._frames.put_off(exc, shown=shown and bool(out))
        return out[0] if len(out) == 1 else b"".join(out)

    def _run(self, frames: list[bytes], start: int) -> int:
        """Where the plain text that begins at ``start`` ends."""
        end = start if self._several else self._text_run(frames, start)
        if end > start:
            run = frames[start:end]
            self.state.pass_by(len(run), sum(map(len, run)), min(map(len, run)))
        return end

    def ended(self) -> bytes:
        out: list[bytes] = []
        if frame := self._frames.last():
            self._frame(frame + self._end, out)
        _, events = self._frames.plain()
        if events:
            out.append(self._written(events))
        for event in self._reader.end():
            self.state.note(event)
        self._frames.check_end()
        return b"".join(out + self._held)

    def _written(self, events: list[Event]) -> bytes:
        for event in events:
            self.state.note(event)
        self.state.content = any(_is_content(event) for event in events)
        self.state.end_mark()
        writer = self._writer(self)
        return writer.write(events) + writer.end()

    def _frame(self, frame: bytes, out: list[bytes]) -> None:
        try:
            self._look(frame, self._glance(frame), out)
        except Malformed as error:
            self._frames.malformed(error)

    def _look(self, frame: bytes, seen: Glance, out: list[bytes]) -> None:
        """Not plain text in mid-stream: the first piece, a call, usage, an error, the end."""
        state = self.state
        if state.content and seen in _PLAIN and not (state.over or self._several):
            state.pass_by(1, len(frame), len(frame))
            self._gate.close()
        else:
            events = self._reader.feed(frame)
            for event in events:
                state.note(event)
            self._gate.let_through(events)
        if seen & Glance.DONE:
            state.end_mark()
            self._gate.close()
        self._held.append(frame)
        self._frames.hold(frame, more=self._gate.is_open)
        if not self._gate.is_open:
            out += self._held
            self._held = []
            state.content = state.content or bool(seen & _SHOWN) or self._gate.passed > 0


_SHOWN = Glance.TEXT | Glance.THOUGHT
# Once there is content these tell a reader nothing that it has to remember.
_PLAIN = (Glance.TEXT, Glance.THOUGHT)
