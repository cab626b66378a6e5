"""An answer under way, whoever is giving it: ask, fall back before the first content, then hand it on.

Until the first content is in hand nothing goes to the client (peek, then commit), so a failure costs only time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Generic, Self, TypeVar
from uuid import uuid4

from wallascli.routing.asking import Asking
from wallascli.routing.candidate import Candidate, Plan
from wallascli.routing.course import Course, Turn
from wallascli.routing.outcome import broken_off, judge
from wallascli.routing.stream import Feed, Translated, Verbatim, Words, label_of
from wallascli.routing.time_left import AFTER_END_MARK, TAIL, TimeLeft, first_byte, idle
from wallascli.routing.witness import Witness
from wallascli.upstream.client import Upstream
from wallascli.upstream.watch import Watch
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.events import Choice, Completion, Event, Finished, FinishReason, UsageReported, fold
from wallascli.vocab.failures import AttemptFailed, Failure, FailureClass, PlanExhausted
from wallascli.vocab.policy import Policy
from wallascli.wires.base import CallerError, Inbound, Label, Writer

_COMPLETE = (FinishReason.LENGTH, FinishReason.CONTENT_FILTER)
_SKIPPED = "incomplete: a piece of this answer made no sense and was left out"

T = TypeVar("T", bytes, list[Event])


@dataclass(frozen=True, slots=True)
class Whole:
    """A finished answer: as words, or as the provider's own bytes where the client speaks its wire (or both).

    A stream that was asked for in a plain answer's stead has both: ``raw`` is then joined of its frames.
    """

    completion: Completion | None
    raw: bytes | None = None


@dataclass(slots=True)
class _Committed(Generic[T]):
    """A stream whose first content is in hand."""

    asking: Asking
    feed: Feed[T]
    head: list[T]


class Reply:
    """Use as ``async with reply``; first ``open``, then ``stream``, ``events`` or ``whole``."""

    def __init__(
        self,
        upstream: Upstream,
        witness: Witness,
        request: ChatRequest,
        plan: Plan,
        policy: Policy,
        inbound: Inbound | None,
        answered: Callable[[Candidate], None],
    ) -> None:
        self.request = request
        self.plan = plan
        self._upstream = upstream
        self._witness = witness
        self._inbound = inbound
        self._answered = answered
        self._time = TimeLeft(plan.total, policy.deadline)
        self._asking: Asking | None = None
        self._bytes: _Committed[bytes] | None = None
        self._events: _Committed[list[Event]] | None = None
        self._whole: Whole | None = None
        self._empty: tuple[Asking, Whole] | None = None
        self.course = Course(plan.candidates, witness.permit)
        self.tried = 0
        self.heard: Callable[[Turn, Failure | None], None] | None = None
        """Told of each turn as it begins (no failure yet) and of its failure: for who watches a terminal."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._asking is not None:
            self._asking.close()
            self._witness.done(self._asking.turn)

    @property
    def candidate(self) -> Candidate:
        """Who answers; known after ``open``."""
        assert self._asking is not None
        return self._asking.turn.candidate

    @property
    def reason(self) -> str:
        """Why this candidate, in a few words for a header."""
        return ", ".join((self.candidate.why, *self.plan.signals))

    @property
    def dropped(self) -> tuple[str, ...]:
        """Request fields that the answering provider could not be told."""
        return self._asking.dropped if self._asking else ()

    async def open(self) -> None:
        """Ask until content is in hand. Raises ``PlanExhausted``."""
        for turn in self.course.turns():
            if turn.wait:
                if turn.wait >= self._time.seconds:
                    self.course.passed_over(turn, time.time())
                    continue
                await asyncio.sleep(turn.wait)
            asking = self._asking = Asking(self._upstream, turn, self.request)
            self.tried += 1
            self._tell(turn, None)
            try:
                await self._ask(asking)
                self._answered(turn.candidate)
                return
            except AttemptFailed as exc:
                self._failed(asking, exc.failure)
            if self._time.is_over:
                break
        if self._empty is None or any(a.failure.kind is not FailureClass.EMPTY for a in self.course.attempts):
            raise self._exhausted()
        self._asking, self._whole = self._empty

    def _failed(self, asking: Asking, failure: Failure) -> None:
        asking.close()
        if self._cut_short(asking, failure):
            self._witness.done(asking.turn)
        else:
            self._witness.failed(asking.turn, failure, waited=asking.seconds if not asking.first else None)
        self.course.failed(asking.turn, failure, asking.seconds, time.time())
        self._tell(asking.turn, failure)

    def _cut_short(self, asking: Asking, failure: Failure) -> bool:
        """Whether the request's time was over before this candidate's own: then it was not slow."""
        turn = asking.turn
        patience = turn.permit.first_byte or turn.candidate.deadlines.first_byte
        waited_enough = not asking.first and asking.seconds >= patience
        return failure.kind is FailureClass.SLOW and self._time.is_over and not waited_enough

    def _tell(self, turn: Turn, failure: Failure | None) -> None:
        if self.heard is not None:
            self.heard(turn, failure)

    def _exhausted(self) -> PlanExhausted:
        plan = replace(self.plan, refused=(*self.plan.refused, *self.course.refused))
        return judge(plan, self.course.attempts, deadline_over=self._time.is_over, local_time=time.time())

    async def _ask(self, asking: Asking) -> None:
        """One call, until its first content or its end. Raises ``AttemptFailed``."""
        turn = asking.turn
        as_stream = self.request.stream or (not turn.last and self._may_stream(turn))
        try:
            async with Watch(*self._patience(turn, as_stream)) as watch:
                await asking.send(stream=as_stream)
                if not self.request.stream:
                    await self._ask_whole(asking, watch, as_stream)
                elif self._inbound is None:
                    self._events = await self._peeked(asking, watch, self._words(turn))
                else:
                    self._bytes = await self._peeked(asking, watch, self._feed(turn, self._inbound))
        except TimeoutError as exc:
            raise AttemptFailed(Failure(FailureClass.SLOW, str(exc))) from exc

    def _patience(self, turn: Turn, as_stream: bool) -> tuple[float, str]:
        """A plain answer comes at once or not at all: only the whole bounds it."""
        if not as_stream:
            return self._time.all()
        limits = turn.candidate.deadlines
        return self._time.bound(*first_byte(limits, last=turn.last, probe=turn.permit.first_byte))

    def _idle(self, turn: Turn) -> tuple[float, str]:
        return self._time.bound(*idle(turn.candidate.deadlines, last=turn.last))

    def _may_stream(self, turn: Turn) -> bool:
        """Whether a stream gives all that a plain answer would: sound, or several answers, do not fold well."""
        request, candidate = self.request, turn.candidate
        modalities = request.extra.get("modalities")
        if (request.n or 1) > 1 or (isinstance(modalities, list) and "audio" in modalities):
            return False
        refused = candidate.provider.quirks_of(candidate.card.id).plain_with
        return not refused or request.response_format is None or "response_format" not in refused

    def _words(self, turn: Turn) -> Words:
        return Words(turn.candidate.provider.wire, skip_malformed=turn.last)

    def _feed(self, turn: Turn, inbound: Inbound) -> Feed[bytes]:
        wire = turn.candidate.provider.wire
        if inbound.name == wire.name:
            several = (self.request.n or 1) > 1
            return Verbatim(wire, skip_malformed=turn.last, writer=self._writer, several=several)
        return Translated(self._words(turn), inbound, self.request, self._label(turn.candidate))

    def _label(self, candidate: Candidate) -> Label:
        return Label(f"chatcmpl-{uuid4().hex}", candidate.card.id, int(time.time()))

    async def _peeked(self, asking: Asking, watch: Watch, feed: Feed[T]) -> _Committed[T]:
        head = await asking.peek(feed, watch, lambda: self._idle(asking.turn))
        state = feed.state
        if not state.content and not (state.finish and state.finish.reason in _COMPLETE):
            completion = Completion(state.started, (Choice(finish=state.finish),), state.usage)
            self._empty = self._empty or (asking, Whole(completion))
            raise AttemptFailed(Failure(FailureClass.EMPTY, "an empty answer"))
        self._witness.answering(asking.turn, asking.first)
        self._time.commit()
        return _Committed(asking, feed, head)

    async def _ask_whole(self, asking: Asking, watch: Watch, as_stream: bool) -> None:
        turn = asking.turn
        if as_stream:
            whole = await self._gathered(asking, watch)
        else:
            verbatim = self._inbound is not None and self._inbound.name == turn.candidate.provider.wire.name
            events, body = await asking.plain(verbatim=verbatim)
            whole = Whole(None if events is None else fold(events), body if verbatim else None)
        if whole.completion is not None and _is_empty(whole.completion):
            # Without any choice in it (seen of OpenAI-like servers) its clients would fail on the first one.
            kept = whole if whole.completion.choices else Whole(whole.completion)
            self._empty = self._empty or (asking, kept)
            raise AttemptFailed(Failure(FailureClass.EMPTY, "an empty answer"))
        self._whole = whole
        said = whole.completion.choices if whole.completion else ()
        self._succeeded(asking, sum(len(c.text) + len(c.thought) for c in said))

    async def _gathered(self, asking: Asking, watch: Watch) -> Whole:
        """A whole answer from a stream: in words, and in the client's wire where the provider speaks it too."""
        turn, inbound = asking.turn, self._inbound
        wire = turn.candidate.provider.wire
        speaker = inbound if inbound is not None and inbound.name == wire.name else None
        words = Words(wire, skip_malformed=turn.last, keep=speaker is not None)
        completion = fold(await asking.gather(words, watch, lambda: self._idle(turn)))
        return Whole(completion, speaker.join(words.kept) if speaker else None)

    def _succeeded(self, asking: Asking, characters: int) -> None:
        self._witness.succeeded(
            asking.turn, first_content=asking.first or None, characters=characters, seconds=asking.seconds
        )

    def whole(self) -> Completion:
        """The answer in words, where no stream was asked for and no client's wire given; after ``open``."""
        assert self._whole is not None
        assert self._whole.completion is not None
        return self._whole.completion

    def body(self, inbound: Inbound) -> bytes:
        """That answer in the client's wire: the provider's own bytes wherever they are in it."""
        assert self._whole is not None
        if self._whole.raw is not None:
            return self._whole.raw
        completion = self.whole()
        return inbound.render_whole(completion, label_of(completion.started, self._label(self.candidate)))

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The answer in the client's wire, each piece as soon as it is there, with the end its wire demands."""
        assert self._inbound is not None
        committed = self._bytes
        if committed is None:
            yield self._empty_stream(self._inbound)
            return
        feed, noted = committed.feed, 0
        try:
            async for piece in self._pieces(committed):
                if feed.state.skipped > noted:
                    noted = feed.state.skipped
                    piece = self._inbound.comment(_SKIPPED) + piece
                if piece:
                    yield piece
        except AttemptFailed as exc:
            yield self._writer(feed).fail(_interrupted(exc.failure))
            return
        if isinstance(feed, Translated):
            yield feed.end()
        elif not feed.state.done:
            yield self._inbound.end_mark

    async def events(self) -> AsyncGenerator[Event, None]:
        """The answer in words. Raises ``PlanExhausted`` if it breaks in the middle."""
        if self._events is None:
            for event in self._empty_events():
                yield event
            return
        try:
            async for piece in self._pieces(self._events):
                for event in piece:
                    yield event
        except AttemptFailed:
            raise broken_off(self.course.attempts, deadline_over=self._time.is_over) from None

    def _writer(self, feed: Feed[bytes]) -> Writer:
        assert self._inbound is not None
        if isinstance(feed, Translated):
            return feed.writer
        return self._inbound.writer(self.request, label_of(feed.state.started, self._label(self.candidate)))

    def _empty_stream(self, inbound: Inbound) -> bytes:
        completion = self.whole()
        writer = inbound.writer(self.request, label_of(completion.started, self._label(self.candidate)))
        return writer.write(self._empty_events()) + writer.end()

    def _empty_events(self) -> list[Event]:
        completion = self.whole()
        told: list[Event] = [UsageReported(completion.usage)] if completion.usage else []
        return [*told, completion.first.finish or Finished(FinishReason.STOP)]

    async def _pieces(self, committed: _Committed[T]) -> AsyncGenerator[T, None]:
        """The head, then each read. Raises ``AttemptFailed`` where the answer breaks.

        One generator on purpose: each further one costs a microsecond a chunk.
        """
        asking, feed = committed.asking, committed.feed
        for piece in committed.head:
            yield piece
        state, seen, tail = feed.state, -1, -1
        # Nobody takes over in mid-stream: this candidate is the last one.
        silence, why = idle(asking.turn.candidate.deadlines, last=True)
        limited = self._time.is_limited
        try:
            async with Watch(*self._time.bound(silence, why)) as watch:
                while not asking.ended:
                    if state.over and tail != (ends := state.progress + state.done):
                        tail = ends
                        watch.touch(AFTER_END_MARK if state.done else TAIL)
                    piece = await asking.take(feed)
                    # A slow client is not a slow provider; and only a piece of the answer is a sign of life.
                    left = silence if state.progress > seen else watch.left
                    seen = state.progress
                    watch.rest()
                    yield piece
                    if limited:
                        watch.touch(*self._time.bound(left, why))
                    else:
                        watch.touch(left)
        except TimeoutError as exc:
            if not state.over:
                failure = Failure(FailureClass.SLOW, str(exc))
                self._failed(asking, failure)
                raise AttemptFailed(failure) from exc
        except AttemptFailed as exc:
            if not state.is_complete:
                self._failed(asking, exc.failure)
                raise
            asking.close()  # the answer is whole: what broke is only the way its body ended
        self._succeeded(asking, state.length)


def _is_empty(completion: Completion) -> bool:
    """Neither text nor call; but a finish of ``length`` or of a content filter is an answer."""
    for choice in completion.choices:
        if choice.text or choice.tool_calls or choice.refusal or choice.media or choice.extra.get("audio"):
            return False
        if choice.finish and choice.finish.reason in _COMPLETE:
            return False
    return True


def _interrupted(failure: Failure) -> CallerError:
    return CallerError(
        502, "stream_interrupted", "server_error", f"The answer broke off: {failure.message}", hint="ask again"
    )
