"""Where an answer stands while its stream is read, and the stream cut into frames."""

from __future__ import annotations

from typing import assert_never

from wallascli.vocab.chat import Usage
from wallascli.vocab.events import (
    ErrorFacts,
    Event,
    Extra,
    Finished,
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
from wallascli.wires.base import Malformed, Outbound
from wallascli.wires.framing import Framing

# A frame that never ends must not eat the memory; the largest seen (a picture) is about 2 MB.
_MOST_PENDING = 64 * 1024 * 1024
# Nor may what nobody is shown yet: a call whose arguments never close, an answer to be told as a whole.
_MOST_KEPT = 64 * 1024 * 1024
_CHARACTERS_PER_TOKEN = 4


class ErrorInStream(Exception):
    """The provider said inside its 200 that it failed; the facts are still to be judged."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(facts.message)
        self.facts = facts


class State:
    """Where an answer stands."""

    __slots__ = (
        "_finished",
        "_least",
        "_seen",
        "_unread",
        "_unread_bytes",
        "answered",
        "characters",
        "content",
        "done",
        "finish",
        "late",
        "over",
        "progress",
        "size",
        "skipped",
        "started",
        "usage",
    )

    def __init__(self) -> None:
        self.content = False
        """Something that a client may see has come: text, a thought, a whole call."""
        self.progress = 0
        """Pieces of an answer, parts of calls too: what satisfies the deadlines."""
        self.characters = 0
        """Of what was read into words."""
        self.size = 0
        """Bytes read."""
        self.finish: Finished | None = None
        """The first reason told."""
        self.done = False
        """The wire's own end mark has come."""
        self.over = False
        """Nothing more of the answer is expected: only usage, or the end of the body."""
        self.started = Started()
        self.usage: Usage | None = None
        self.skipped = 0
        """Malformed frames left out because nobody else could be asked."""
        self.answered = False
        """Text, refusal, media or a call has come: not only thoughts."""
        self.late: AttemptFailed | ErrorInStream | None = None
        """A failure to be raised at the next look, as good pieces came in the same read before it."""
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._unread = self._unread_bytes = 0
        self._least = _MOST_PENDING

    @property
    def length(self) -> int:
        """About how many characters the answer has: told by its tokens, else by what frames are larger than the
        smallest of them, which holds one at least."""
        if self.usage is not None and self.usage.output and self._unread:
            return self.usage.output * _CHARACTERS_PER_TOKEN
        return self.characters + self._unread_bytes - self._unread * (self._least - 1)

    def pass_by(self, frames: int, size: int, least: int) -> None:
        """Frames of text that nobody reads, ``size`` bytes in all, the smallest ``least``."""
        self.progress += frames
        self._unread += frames
        self._unread_bytes += size
        if least < self._least:
            self._least = least

    @property
    def is_complete(self) -> bool:
        """Whether the answer has an end of its own: the wire's mark, or a reason for each of its choices."""
        return self.done or (self.finish is not None and self._seen <= self._finished)

    def check_size(self) -> None:
        """For who keeps all that was read. Raises ``AttemptFailed``."""
        if self.size > _MOST_KEPT:
            raise AttemptFailed(Failure(FailureClass.BROKEN, f"an answer of more than {_MOST_KEPT} bytes"))

    def note(self, event: Event) -> None:
        """Raises ``ErrorInStream``."""
        match event:
            case TextDelta(text, choice) | RefusalDelta(text, choice):
                self._gained(choice, len(text), answered=True)
            case ThoughtDelta(text, choice=choice):
                self._gained(choice, len(text), answered=False)
            case ToolCallStarted(choice=choice) | ToolCallDelta(choice=choice) | MediaMade(choice=choice):
                self._gained(choice, 0, answered=True)
            case Finished(choice=choice):
                self.finish = self.finish or event
                self._finished.add(choice)
                self.over = self._seen <= self._finished
            case UsageReported(usage):
                self.usage = usage
            case Started():
                self.started = event
            case ProviderError(facts):
                raise ErrorInStream(facts)
            case LogprobsReported() | Extra():
                pass
            case _:
                assert_never(event)

    def end_mark(self) -> None:
        """The wire says itself that this was all."""
        self.done = self.over = True

    def _gained(self, choice: int, characters: int, *, answered: bool) -> None:
        self.progress += 1
        self.characters += characters
        self.answered = self.answered or answered
        self._seen.add(choice)
        # Text behind a reason: it was said too early (gemini/reasoning-stream-gemini-2-5-flash-rig-a3d6d7).
        self._finished.discard(choice)
        self.over = self.done


class Frames:
    """Cutting, the patience with malformed frames, and the check that an answer has an end."""

    def __init__(self, wire: Outbound, *, skip_malformed: bool) -> None:
        self.state = State()
        self._wire = wire
        self._framer = wire.framing.framer()
        self._skip = skip_malformed
        self._begun = False
        self._plain: bytearray | None = None
        self._held = 0

    def cut(self, read: bytes) -> list[bytes]:
        self.state.size += len(read)
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

    def hold(self, frame: bytes, *, more: bool) -> None:
        """A frame is held back because of a call that is not whole; not ``more``: it and those before it may go."""
        self._held = self._held + len(frame) if more else 0
        if self._held > _MOST_KEPT:
            raise AttemptFailed(Failure(FailureClass.BROKEN, "a call without end"))

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

    def put_off(self, failure: AttemptFailed | ErrorInStream, *, shown: bool) -> None:
        """Hand on what came before it first, if the client has seen the beginning of this answer."""
        if not shown:
            raise failure
        self.state.late = failure

    def check_end(self) -> None:
        if not self.state.is_complete:
            raise AttemptFailed(Failure(FailureClass.BROKEN, "the answer was cut off"))
