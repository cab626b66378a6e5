"""Between a reply and the health of whom it asks: leave to ask before, a report after."""

from __future__ import annotations

import time
from collections.abc import Callable

from wallascli.routing.candidate import Candidate
from wallascli.routing.catalog import Catalog
from wallascli.routing.circuit import State
from wallascli.routing.course import Permit, Turn
from wallascli.routing.health import Health
from wallascli.routing.plan import is_certain, sleeping
from wallascli.vocab.failures import Cools, Failure, FailureClass
from wallascli.vocab.secret import Secret

# What a provider refuses for good is remembered on the card: words of its message, and the card's fact.
_LACKING = (
    ("tool", "tools"),
    ("function", "tools"),
    ("json_schema", "structured"),
    ("response_format", "structured"),
    ("image", "image"),
    ("vision", "image"),
    ("multimodal", "image"),
)

# What sleeps for all models of a provider.
_SHARED = frozenset({Cools.PROVIDER, Cools.KEY})


class Witness:
    """One for all requests. ``wall`` gives epoch seconds."""

    def __init__(self, health: Health, catalog: Catalog, wall: Callable[[], float] = time.time) -> None:
        self._health = health
        self._catalog = catalog
        self._wall = wall

    def permit(self, candidate: Candidate) -> Permit:
        """Leave to ask now; without keys in it if its circuit has opened since the plan was made."""
        provider, model = candidate.provider.name, candidate.card.id
        prints = [key.fingerprint for key in candidate.keys]
        now = self._wall()
        verdict = self._health.verdict(provider, model, prints, now)
        if verdict.state is State.CLOSED:
            return Permit(self._ordered(candidate, prints, now))
        if is_certain(verdict, now, named=candidate.named):
            return Permit(refused=sleeping(candidate.name, verdict, now))
        keys = self._ordered(candidate, prints, now)
        if candidate.last_resort:
            # What the plan would not wait for is worth it now: nobody else is left.
            waits = verdict.told and verdict.reason is FailureClass.RATE_LIMITED
            wait = max(0.0, verdict.until - now) if waits and candidate.named else 0.0
            asleep = (provider, verdict.scope) if verdict.scope in _SHARED else None
            return Permit(keys, wait=wait, asleep=asleep)
        if verdict.state is State.OPEN:
            return Permit()
        first = keys[0].fingerprint if keys[0] else ""
        probe = self._health.begin_probe(provider, model, first, now)
        if probe is None:
            return Permit()
        return Permit(keys[:1], probe, self._health.probe_first_byte(provider, model, now))

    def _ordered(self, candidate: Candidate, prints: list[str], now: float) -> tuple[Secret | None, ...]:
        """The least bad key first, without those that would be refused; all of them if all would."""
        if len(prints) < 2:
            return candidate.keys or (None,)
        by_print = {key.fingerprint: key for key in candidate.keys}
        provider, model = candidate.provider.name, candidate.card.id
        order = self._health.keys_by_health(provider, model, prints, now)
        awake = [one for one in order if self._health.verdict(provider, model, [one], now).state is not State.OPEN]
        return tuple(by_print[one] for one in awake or order)

    def failed(self, turn: Turn, failure: Failure, *, waited: float | None) -> None:
        """``waited``: seconds without any content."""
        provider, model = turn.candidate.provider.name, turn.candidate.card.id
        self._health.failed(provider, model, _print(turn), failure, self._wall(), waited=waited)
        self._remember(provider, model, failure, self._wall())
        self.done(turn)

    def _remember(self, provider: str, model: str, failure: Failure, now: float) -> None:
        match failure.kind:
            case FailureClass.TOO_LONG if failure.context_window:
                self._catalog.set_window(provider, model, failure.context_window, now)
            case FailureClass.LACKING:
                said = failure.message.lower()
                fact = next((fact for word, fact in _LACKING if word in said), "")
                self._catalog.lacks(provider, model, fact, now)
            case _:
                pass

    def answering(self, turn: Turn, first_content: float) -> None:
        """The first content is here."""
        candidate = turn.candidate
        self._health.answering(
            candidate.provider.name, candidate.card.id, _print(turn), first_content=first_content, now=self._wall()
        )

    def succeeded(self, turn: Turn, *, first_content: float | None, characters: int, seconds: float) -> None:
        candidate = turn.candidate
        self._health.succeeded(
            candidate.provider.name,
            candidate.card.id,
            _print(turn),
            first_content=first_content,
            characters=characters,
            seconds=seconds,
            now=self._wall(),
        )
        self.done(turn)

    def done(self, turn: Turn) -> None:
        """However it ended, also by the client's leaving: another probe may begin."""
        if turn.permit.probe is not None:
            self._health.end_probe(turn.permit.probe)


def _print(turn: Turn) -> str:
    return turn.key.fingerprint if turn.key else ""
