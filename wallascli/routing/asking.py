"""One candidate being asked: from the call to its last byte. Every failure leaves as ``AttemptFailed``."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from wallascli.providers.base import Call
from wallascli.routing.course import Turn
from wallascli.routing.stream import ErrorInStream, Feed, Words
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
        call = Call("POST", url, provider.headers_for(key), _encoded(rendered.body))
        self._exchange = await self._upstream.send(call, connect=candidate.deadlines.connect)
        if not 200 <= self._exchange.status < 300:
            facts = read_error(await self._exchange.whole(_MOST_ERROR))
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
        read = await self._open().read()
        try:
            if read:
                return feed.take(read)
            self.ended = True
            return feed.ended()
        except ErrorInStream as exc:
            raise AttemptFailed(self._judged(self._open().status, exc.facts)) from exc

    async def peek(self, feed: Feed[T]) -> list[T]:
        """Read until there is content, or until the answer has ended without any."""
        head: list[T] = []
        while not feed.state.content and not self.ended:
            head.append(await self.take(feed))
        self.first = self.seconds
        return head

    async def gather(self, words: Words, watch: Watch, idle: float, total_left: float) -> list[Event]:
        """A whole answer from a stream. ``idle`` and ``total_left`` in seconds move ``watch``."""
        events: list[Event] = []
        over = time.monotonic() + total_left
        seen, mark, characters = 0, time.monotonic(), 0
        while not self.ended:
            events += await self.take(words)
            if words.state.progress == seen:
                continue
            now = time.monotonic()
            self.first = self.first or now - self.began
            seen = words.state.progress
            watch.touch(min(idle, over - now), "the answer stalled")
            if now - mark >= _PACE_WINDOW:
                self._check_pace(words.state.characters - characters)
                mark, characters = now, words.state.characters
        return events

    def _check_pace(self, characters: int) -> None:
        if not self.turn.last and characters < self.turn.candidate.deadlines.pace:
            raise AttemptFailed(Failure(FailureClass.SLOW, f"only {characters} characters in {_PACE_WINDOW:.0f} s"))

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
            body=without_secrets(failure.body.decode("utf-8", "replace"), keys).encode(),
        )


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as exc:  # it reads 1,024 levels and writes 254
        raise NotUnderstood("The body is nested too deeply.") from exc
