"""Who is asked, in which order, and why the others are not: names x needs x catalogue x health x cost x privacy."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from wallascli.routing.candidate import Candidate, Place, Plan, Refused
from wallascli.routing.catalog import Catalog
from wallascli.routing.checks import Asked
from wallascli.routing.circuit import State
from wallascli.routing.cooling import Verdict
from wallascli.routing.course import PATIENCE
from wallascli.routing.health import Health
from wallascli.routing.needs import Needs, read_needs
from wallascli.routing.resolve import Group, Meaning, Resolver
from wallascli.routing.rules import Rules
from wallascli.routing.score import Grounds
from wallascli.routing.tiers import TIERS
from wallascli.vocab.chat import ChatRequest, Role
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import FailureClass, UnknownModel
from wallascli.vocab.policy import Policy

# A plan stays good this long when nothing happens: the wish to explore drifts, and so does trust in old samples.
_KEPT = 1.0
# Measured means move with nearly every answer under load. A plan may be behind them by so much, but by nothing
# once somebody falls asleep or wakes.
_DRIFT = 0.1
_MOST_KEPT = 64
_MOST_MEANINGS = 1_024
_MOST_CONVERSATIONS = 4_096

# What a sleep says of a candidate that the provider itself has refused.
_KINDS = {
    FailureClass.RATE_LIMITED: "quota",
    FailureClass.QUOTA_SPENT: "quota",
    FailureClass.MODEL_GONE: "gone",
    FailureClass.BAD_KEY: "rejected",
    FailureClass.NO_CREDIT: "rejected",
}

_Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A plan and what it was made with."""

    plan: Plan
    made: float
    until: float
    version: int


class Planner:
    """One for all requests. ``wall`` gives epoch seconds."""

    def __init__(
        self,
        catalog: Catalog,
        places: Mapping[str, Place],
        rules: Rules,
        health: Health,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._places = places
        self._rules = rules
        self._health = health
        self._wall = wall
        self._resolver = Resolver(catalog, {name: place.provider for name, place in places.items()}, rules)
        self._prints = {name: [key.fingerprint for key in place.keys] for name, place in places.items()}
        self._meanings: dict[_Key, Meaning] = {}
        self._windows: list[int] = []
        self._minutes: list[int] = []
        self._kept: dict[_Key, _Kept] = {}
        self._stamp: tuple[int, int] = (-1, -1)
        self._conversations: dict[int, str] = {}

    def plan(self, request: ChatRequest, policy: Policy) -> Plan:
        """Raises ``UnknownModel`` or ``NotUnderstood`` for a name that means nothing."""
        now = self._wall()
        self._forget_what_changed()
        meaning = self._meaning(request, policy)
        needs = read_needs(request, judge=meaning.ranked)
        sticky = self._sticky(request, policy) if meaning.ranked else ""
        unsayable = {} if needs.plain else self._unsayable(request)
        key = (request.model, request.models, policy.tier, policy.provider, policy.allow_paid, policy.privacy,
               needs.takes, needs.tools, needs.structured, needs.reasoning, needs.difficulty, needs.signals,
               bisect_left(self._windows, needs.window), bisect_left(self._minutes, needs.tokens), sticky,
               *unsayable.items())  # fmt: skip
        kept = self._kept.get(key)
        if kept is not None and self._is_good(kept, now):
            return kept.plan
        plan = self._made(meaning, request, policy, needs, sticky, unsayable, now)
        until = min(now + _KEPT, self._health.changes_at(now))
        self._kept.pop(key, None)
        self._kept[key] = _Kept(plan, now, until, self._health.version)
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return plan

    def understands(self, request: ChatRequest, policy: Policy) -> bool:
        """Whether every name in it means something now."""
        self._forget_what_changed()
        try:
            return not self._meaning(request, policy).unknown
        except UnknownModel:
            return False

    def is_bare(self, request: ChatRequest, policy: Policy) -> bool:
        """Whether a name in it says nothing of where it is served; or nothing at all, as far as is known."""
        self._forget_what_changed()
        try:
            return self._meaning(request, policy).is_bare
        except UnknownModel:
            return True

    def remember(self, request: ChatRequest, policy: Policy, candidate: Candidate) -> None:
        """Who answered: asked first next time, while it is healthy (style and prompt cache)."""
        conversation = _conversation(request, policy)
        self._conversations.pop(conversation, None)
        self._conversations[conversation] = candidate.name
        if len(self._conversations) > _MOST_CONVERSATIONS:
            del self._conversations[next(iter(self._conversations))]

    # -- what is kept

    def _forget_what_changed(self) -> None:
        stamp = (self._health.circuits_version, self._catalog.version)
        if stamp == self._stamp:
            return
        self._kept.clear()
        if stamp[1] != self._stamp[1]:
            self._meanings.clear()
            self._windows = sorted({card.context for card in self._catalog.all() if card.context})
            self._minutes = sorted({card.limits.tpm for card in self._catalog.all() if card.limits.tpm})
        self._stamp = stamp

    def _is_good(self, kept: _Kept, now: float) -> bool:
        # ``made`` after ``now``: the clock was set back.
        drifted = kept.version != self._health.version and now - kept.made >= _DRIFT
        return kept.made <= now < kept.until and not drifted

    def _meaning(self, request: ChatRequest, policy: Policy) -> Meaning:
        key = (request.model, request.models, policy.tier, policy.provider)
        found = self._meanings.get(key)
        if found is None:
            found = self._resolver.meaning(request, policy)
            if len(self._meanings) >= _MOST_MEANINGS:
                self._meanings.clear()
            self._meanings[key] = found
        return found

    def _sticky(self, request: ChatRequest, policy: Policy) -> str:
        return self._conversations.get(_conversation(request, policy), "") if self._conversations else ""

    def _unsayable(self, request: ChatRequest) -> dict[str, tuple[str, ...]]:
        """What wires cannot carry of it, by their names: a picture may come as bytes or as an address."""
        wires = {p.provider.wire.name: p.provider.wire for p in self._places.values() if not p.unusable}
        return {name: lost for name, wire in wires.items() if (lost := wire.lacks(request))}

    # -- making one

    def _made(
        self,
        meaning: Meaning,
        request: ChatRequest,
        policy: Policy,
        needs: Needs,
        sticky: str,
        unsayable: dict[str, tuple[str, ...]],
        now: float,
    ) -> Plan:
        ready: dict[str, Candidate] = {}
        asleep: dict[str, tuple[tuple[int, float], Candidate]] = {}
        refused = {
            name: Refused(name, "no model, tier or alias has this name", "unknown") for name in meaning.unknown
        }
        for group in meaning.groups:
            asked = Asked.of(group, needs, policy, self._rules, unsayable, self._catalog.absent)
            for candidate in self._ranked(group, asked, sticky, refused, now):
                name = candidate.name
                if name in ready or name in asleep:
                    continue
                verdict = self._health.verdict(
                    candidate.provider.name, candidate.card.id, self._prints[candidate.provider.name], now
                )
                if verdict.may_ask:
                    ready[name] = candidate
                elif is_certain(verdict, now, named=candidate.named):
                    refused[name] = sleeping(name, verdict, now)
                else:
                    asleep[name] = verdict.badness, replace(candidate, last_resort=True)
        order = (*ready.values(), *(c for _, c in sorted(asleep.values(), key=lambda pair: pair[0])))
        return Plan(
            asked=request.model,
            profile=meaning.profile,
            candidates=order,
            refused=tuple(no for name, no in refused.items() if name not in ready and name not in asleep),
            signals=needs.signals,
            total=max((c.deadlines.total for c in order), default=Deadlines().total),
        )

    def _ranked(
        self, group: Group, asked: Asked, sticky: str, refused: dict[str, Refused], now: float
    ) -> list[Candidate]:
        """Those of a group that may be asked, the best first."""
        fit: list[Candidate] = []
        deadlines: dict[str, Deadlines] = {}
        for card in group.cards:
            place = self._places.get(card.provider)
            if place is None:
                continue
            if (no := asked.refusal(card, place)) is not None:
                refused.setdefault(no.name, no)
                continue
            bound = deadlines.get(card.provider)
            if bound is None:
                alias = group.alias.name if group.alias else ""
                bound = deadlines[card.provider] = self._rules.deadlines(place.provider, alias)
            grounds = Grounds(
                card,
                group.tier or TIERS["auto"],
                asked.needs,
                self._health.measured(card.provider, card.id, now),
                free=place.costs_nothing(card),
                quick=place.provider.quick,
                sticky=sticky == card.name,
            )
            fit.append(self._candidate(group, place, grounds, bound))
        fit.sort(key=lambda one: (-one.score, one.name))
        return _doubles_last(fit) if group.tier else fit

    def _candidate(self, group: Group, place: Place, grounds: Grounds, deadlines: Deadlines) -> Candidate:
        told = group.alias.retries if group.alias else None
        return Candidate(
            place.provider,
            grounds.card,
            place.keys,
            deadlines,
            self._rules.retries if told is None else told,
            group.named,
            grounds.score(),
            grounds,
            group.why,
        )


def _doubles_last(ranked: list[Candidate]) -> list[Candidate]:
    """Other names of a model at the same provider (``-latest``, a date) fail with it: they come after the others,
    the free ones still before those that only cost."""
    firsts: dict[tuple[str, str], Candidate] = {}
    doubles = []
    for one in ranked:
        first = firsts.setdefault((one.card.provider, one.card.same_as or one.card.id), one)
        if first is not one:
            doubles.append(replace(one, why=f"{one.why}, another name of {first.card.id}"))
    if not doubles:
        return ranked
    order = list(firsts.values())
    last_free = max((place for place, one in enumerate(order) if _is_free(one)), default=-1) + 1
    order[last_free:last_free] = [one for one in doubles if _is_free(one)]
    return order + [one for one in doubles if not _is_free(one)]


def _is_free(candidate: Candidate) -> bool:
    return candidate.grounds is not None and candidate.grounds.free


def _conversation(request: ChatRequest, policy: Policy) -> int:
    """The same for every turn of one conversation: its name if it has one, else all that stood before and in its
    first question."""
    return hash(policy.conversation or tuple(_opening(request)))


def _opening(request: ChatRequest) -> Iterator[str]:
    for message in request.messages:
        yield message.text
        if message.role is Role.USER:
            return


def is_certain(verdict: Verdict, now: float, *, named: bool) -> bool:
    """Whether asking is pointless: a limit whose end the provider told, unless it is worth waiting for.

    Anything else may be wrong or mended meanwhile: when all are asleep the least bad one is asked (P1).
    """
    if verdict.state is not State.OPEN or not verdict.told or _kind(verdict) != "quota":
        return False
    worth_it = named and verdict.reason is FailureClass.RATE_LIMITED and verdict.until - now <= PATIENCE
    return not worth_it


def sleeping(name: str, verdict: Verdict, now: float) -> Refused:
    """Why it is not asked, in words."""
    seconds = max(0, round(verdict.until - now))
    what = verdict.reason.value.replace("_", " ") if verdict.reason else "cooling down"
    said = f" ({verdict.message[:80]})" if verdict.message else ""
    return Refused(name, f"{what}, back in {seconds} s{said}", _kind(verdict), verdict.until)


def _kind(verdict: Verdict) -> str:
    return _KINDS.get(verdict.reason, "") if verdict.reason else ""
