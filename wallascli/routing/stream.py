"""One candidate's stream while it is read: cut into frames, looked at, handed on as bytes or as words.

The three kinds have the same shape (``Feed``): ``take`` each network read, then ``ended`` once the body is over.
``Words`` gives events, ``Translated`` bytes of another wire, ``Verbatim`` the frames as they came. None awaits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, assert_never

from wallascli.routing.calls import CallGate
from wallascli.vocab.chat import ChatRequest, Usage
from wallascli.vocab.events import (
    ErrorFacts,
    Event,
    Extra,
    Finished,
    FinishReason,
    LogprobsReported,
    MediaMade,
    ProviderError,
    RefusalDelta,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.vocab.failures import AttemptFailed, Failure, FailureClass
from wallascli.wires.base import Glance, Inbound, Label, Malformed, Outbound, Writer
from wallascli.wires.framing import Framing

# A frame that never ends must not eat the memory; the largest seen (a picture) is about 2 MB.
_MOST_PENDING = 64 * 1024 * 1024
_TEXT = Glance.TEXT

T_co = TypeVar("T_co", covariant=True)


class ErrorInStream(Exception):
    """The provider said inside its 200 that it failed; the facts are still to be judged."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(facts.message)
        self.facts = facts


class State:
    """Where an answer stands."""

    __slots__ = ("answered", "characters", "content", "done", "finish", "progress", "skipped", "started", "usage")

    def __init__(self) -> None:
        self.content = False
        """Something that a client may see has come: text, a thought, a whole call."""
        self.progress = 0
        """Pieces of an answer, parts of calls too: what satisfies the deadlines."""
        self.characters = 0
        self.finish: Finished | None = None
        self.done = False
        """The wire's own end mark has come."""
        self.started = Started()
        self.usage: Usage | None = None
        self.skipped = 0
        """Malformed frames left out because nobody else could be asked."""
        self.answered = False
        """Text, refusal, media or a call has come: not only thoughts."""

    def note(self, event: Event) -> None:
        """Raises ``ErrorInStream``."""
        match event:
            case ProviderError(facts):
                raise ErrorInStream(facts)
            case Finished():
                self.finish = self.finish or event
            case UsageReported(usage):
                self.usage = usage
            case Started():
                self.started = event
            case TextDelta(text) | RefusalDelta(text):
                self._gained(len(text), answered=True)
            case ThoughtDelta(text):
                self._gained(len(text), answered=False)
            case ToolCallStarted() | ToolCallDelta() | MediaMade():
                self._gained(0, answered=True)
            case LogprobsReported() | Extra():
                pass
            case _:
                assert_never(event)

    def _gained(self, characters: int, *, answered: bool) -> None:
        self.progress += 1
        self.characters += characters
        self.answered = self.answered or answered


class Feed(Protocol[T_co]):
    """What reads a stream: ``take`` raises ``ErrorInStream``, or ``AttemptFailed`` where a frame is broken."""

    @property
    def state(self) -> State: ...

    def take(self, read: bytes) -> T_co: ...

    def ended(self) -> T_co:
        """Raises ``AttemptFailed`` if the answer was cut: no finish reason and no end mark."""
        ...


class _Frames:
    """Cutting, the patience with malformed frames, and the check that an answer has an end."""

    def __init__(self, wire: Outbound, *, skip_malformed: bool) -> None:
        self.state = State()
        self._wire = wire
        self._framer = wire.framing.framer()
        self._skip = skip_malformed
        self._begun = False
        self._plain: bytearray | None = None

    def cut(self, read: bytes) -> list[bytes]:
        if not self._begun:
            self._begin(read)
        if self._plain is not None:
            self._plain += read
            self._bound(len(self._plain))
            return []
        frames = self._framer.feed(read)
        self._bound(self._framer.pending)
        return frames

    def _bound(self, pending: int) -> None:
        if pending > _MOST_PENDING:
            raise AttemptFailed(Failure(FailureClass.BROKEN, "a frame without end"))

    def _begin(self, read: bytes) -> None:
        """No event begins like JSON: a server that does not stream, or an error under 200."""
        if start := read.lstrip()[:1]:
            self._begun = True
            self._plain = bytearray() if start in b"{[" and self._wire.framing is Framing.SSE else None

    def plain(self) -> tuple[bytes, list[Event]]:
        """The plain answer that came in a stream's stead, if one did, and its events. Raises ``AttemptFailed``."""
        body = bytes(self._plain or b"")
        try:
            return body, self._wire.read_whole(body) if body else []
        except Malformed as error:
            raise AttemptFailed(Failure(FailureClass.BROKEN, f"not an answer: {error}")) from error

    def last(self) -> bytes:
        """What stands after the last whole frame: a frame of its own, since the body is over."""
        rest = self._framer.rest()
        return rest if rest.strip() else b""

    def malformed(self, error: Malformed) -> None:
        """It may have held text: a death here, unless nobody else is left to ask."""
        if not self._skip:
            raise AttemptFailed(Failure(FailureClass.BROKEN, f"a malformed frame ({error})")) from error
        self.state.skipped += 1

    def check_end(self) -> None:
        if self.state.finish is None and not self.state.done:
            raise AttemptFailed(Failure(FailureClass.BROKEN, "the answer was cut off"))


class Words:
    """Hands on events: for the command line, for a whole answer, for another wire.

    With ``keep`` the frames stay in ``kept``, for who makes a plain answer of them.
    """

    def __init__(self, wire: Outbound, *, skip_malformed: bool, keep: bool = False) -> None:
        self._frames = _Frames(wire, skip_malformed=skip_malformed)
        self._keep = keep
        self.kept: list[bytes] = []
        self._glance = wire.glance
        self._reader = wire.reader()
        self._gate = CallGate()
        self.state = self._frames.state

    def take(self, read: bytes) -> list[Event]:
        out: list[Event] = []
        for frame in self._frames.cut(read):
            self._frame(frame, out)
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
        return out

    def _frame(self, frame: bytes, out: list[Event]) -> None:
        try:
            events = self._reader.feed(frame)
            if not events and self._glance(frame) & Glance.DONE:
                self.state.done = True
        except Malformed as error:
            self._frames.malformed(error)
            return
        if self._keep:
            self.kept.append(frame)
        self._pass(events, out)

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

    ``writer`` writes what came plainly although a stream was asked for.
    """

    def __init__(self, wire: Outbound, *, skip_malformed: bool, writer: Callable[[Feed[bytes]], Writer]) -> None:
        self._frames = _Frames(wire, skip_malformed=skip_malformed)
        self._glance = wire.glance
        self._reader = wire.reader()
        self._gate = CallGate()
        self._held: list[bytes] = []
        self._writer = writer
        self.state = self._frames.state

    def take(self, read: bytes) -> bytes:
        frames = self._frames.cut(read)
        if self.state.content and not self._held and self._all_text(frames):
            return frames[0] if len(frames) == 1 else b"".join(frames)
        out: list[bytes] = []
        for frame in frames:
            self._frame(frame, out)
        return b"".join(out)

    def _all_text(self, frames: list[bytes]) -> bool:
        """The usual read in mid-stream: a loop of its own, as it runs once a chunk."""
        glance = self._glance
        try:
            for frame in frames:
                if glance(frame) is not _TEXT:
                    return False
        except Malformed:
            return False
        self.state.progress += len(frames)
        self.state.characters += sum(map(len, frames))
        return True

    def ended(self) -> bytes:
        out: list[bytes] = []
        if frame := self._frames.last():
            self._frame(frame + b"\n\n", out)
        _, events = self._frames.plain()
        if events:
            out.append(self._written(events))
        self._frames.check_end()
        return b"".join(out + self._held)

    def _written(self, events: list[Event]) -> bytes:
        for event in events:
            self.state.note(event)
        self.state.content = any(_is_content(event) for event in events)
        self.state.done = True
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
        if seen & Glance.DONE:
            state.done = True
        if seen & _MUST_READ or not state.content:
            events = self._reader.feed(frame)
            for event in events:
                state.note(event)
            self._gate.let_through(events)
        elif seen:
            state.progress += 1
        if seen & _NEXT_ITEM:
            self._gate.close()
        self._held.append(frame)
        if not self._gate.is_open:
            out += self._held
            self._held = []
            state.content = state.content or bool(seen & _SHOWN) or self._gate.passed > 0


_SHOWN = Glance.TEXT | Glance.THOUGHT
_NEXT_ITEM = _SHOWN | Glance.FINISH | Glance.DONE
_MUST_READ = Glance.CALL | Glance.USAGE | Glance.FINISH | Glance.ERROR
