"""One candidate being asked: from the call to its last byte. Every failure leaves as ``AttemptFailed``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import orjson

from wallascli.providers.base import Call
from wallascli.routing.course import Turn
from wallascli.routing.frames import ErrorInStream
from wallascli.routing.stream import Feed, Words
from wallascli.routing.time_left import AFTER_END_MARK, TAIL
from wallascli.upstream.classify import classify
from wallascli.upstream.client import Exchange, Upstream
from wallascli.upstream.redact import without_secrets
from wallascli.upstream.watch import Watch
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.events import ErrorFacts, Event, ProviderError
from wallascli.vocab.failures import AttemptFailed, Failure, FailureClass, NotUnderstood
from wallascli.wires.base import Glance, Malformed
from wallascli.wires.errors import read_error

_MOST_ERROR = 256 * 1024
_ANSWER = Glance.TEXT | Glance.CALL
# Characters are counted over this many seconds (design 3.1, ``pace``).
_PACE_WINDOW = 30.0

T = TypeVar("T")
Bound: TypeAlias = Callable[[], tuple[float, str]]
"""Seconds until something must have happened, and the deadline's name in words."""


class Asking:
    """Holds the connection; ``close`` stops the provider unless its body was read to the end."""

    def __init__(self, upstream: Upstream, turn: Turn, request: ChatRequest) -> None:
        self._upstream = upstream
        self._request = request
        self._exchange: Exchange | None = None
        self.turn = turn
        self.began = time.monotonic()
        self.first = 0.0
        """Seconds to the first piece of an answer."""
        self.ended = False
        self.dropped: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def close(self) -> None:
        if self._exchange is not None:
            self._exchange.close()

    async def send(self, *, stream: bool) -> None:
        """Ask, and wait for a response that promises an answer."""
        candidate, key = self.turn.candidate, self.turn.key
        provider = candidate.provider
        rendered = provider.render(self._request, candidate.card.id, stream=stream)
        self.dropped = rendered.dropped
        url = provider.base_url + rendered.path
        content = _encoded(rendered.body)
        call = Call("POST", url, provider.headers_for(key), content, direct=provider.local)
        self._exchange = await self._upstream.send(call, connect=candidate.deadlines.connect)
        if not 200 <= self._exchange.status < 300:
            facts = read_error(await self._exchange.beginning(_MOST_ERROR))
            raise AttemptFailed(self._judged(self._exchange.status, facts))

    async def plain(self, *, verbatim: bool) -> tuple[list[Event] | None, bytes]:
        """An answer that is not streamed: its events (``None`` if nobody needs them) and its body."""
        exchange, wire = self._open(), self.turn.candidate.provider.wire
        body = await exchange.whole()
        self.ended = True
        try:
            if verbatim and wire.glance_whole(body) & _ANSWER:
                return None, body
            events = wire.read_whole(body)
        except Malformed as exc:
            raise AttemptFailed(Failure(FailureClass.BROKEN, f"not an answer: {exc}")) from exc
        for event in events:
            if isinstance(event, ProviderError):
                raise AttemptFailed(self._judged(exchange.status, event.facts))
        return events, body

    async def take(self, feed: Feed[T]) -> T:
        """One network read, handed through ``feed``; at the end of the body what ``feed`` still has."""
        try:
            if feed.state.late is not None:
                raise feed.state.late
            read = await self._open().read()
            if read:
                return feed.take(read)
            self.ended = True
            return feed.ended()
        except ErrorInStream as exc:
            raise AttemptFailed(self._judged(self._open().status, exc.facts)) from exc

    async def peek(self, feed: Feed[T], watch: Watch, idle: Bound) -> list[T]:
        """Read until there is content, or until the answer is over without any.

        A part of a call is not shown yet, but it is a sign of life: from it on ``idle`` holds.
        """
        head: list[T] = []
        state = feed.state
        seen = 0
        while not (state.content or state.over or self.ended):
            head.append(await self.take(feed))
            state.check_size()
            if state.progress > seen:
                seen = state.progress
                self.first = self.first or self.seconds
                watch.touch(*idle())
        self.first = self.first or self.seconds
        return head

    async def gather(self, words: Words, watch: Watch, idle: Bound) -> list[Event]:
        """A whole answer from a stream; each piece moves ``watch`` on by ``idle``."""
        events: list[Event] = []
        state = words.state
        seen, mark, characters = 0, 0.0, 0
        while not self.ended:
            if state.over:
                watch.rest()
                if not await self._read_on(words, events):
                    break
                watch.touch(*idle())
                continue
            events += await self.take(words)
            state.check_size()
            if state.progress == seen:
                continue
            seen, now = state.progress, self.seconds
            self.first = self.first or now
            mark = mark or now
            watch.touch(*idle())
            if now - mark >= _PACE_WINDOW:
                self._check_pace(state.characters - characters)
                mark, characters = now, state.characters
        return events

    async def _read_on(self, words: Words, events: list[Event]) -> bool:
        """Behind the finish reason, for usage and the end of the body; False when it takes too long or breaks."""
        try:
            async with Watch(AFTER_END_MARK if words.state.done else TAIL, "only the end of the body is missing"):
                events += await self.take(words)
        except TimeoutError:
            return False
        except AttemptFailed:
            if words.state.is_complete:
                return False
            raise
        return True

    def _check_pace(self, characters: int) -> None:
        pace = self.turn.candidate.deadlines.pace
        if not self.turn.last and characters < pace:
            said = f"only {characters} characters in {_PACE_WINDOW:.0f} s, not {pace:g} (pace)"
            raise AttemptFailed(Failure(FailureClass.SLOW, said))

    def _open(self) -> Exchange:
        assert self._exchange is not None
        return self._exchange

    def _judged(self, status: int, facts: ErrorFacts) -> Failure:
        candidate = self.turn.candidate
        failure = classify(status, self._open().headers, facts, provider=candidate.provider.name, now=time.time())
        keys = [key.reveal() for key in candidate.keys]
        return replace(
            failure,
            message=without_secrets(failure.message, keys),
            code=failure.code and without_secrets(failure.code, keys),
            param=failure.param and without_secrets(failure.param, keys),
            body=without_secrets(failure.body.decode("utf-8", "replace"), keys).encode(),
        )


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as exc:  # it reads 1,024 levels and writes 254
        raise NotUnderstood("The body is nested too deeply.") from exc
