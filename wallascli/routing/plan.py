"""Who is asked, in which order, and why the others are not: names x needs x catalogue x health x cost x privacy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from wallascli.providers.base import Trains
from wallascli.routing import score
from wallascli.routing.candidate import Candidate, Place, Plan, Refused
from wallascli.routing.catalog import Catalog
from wallascli.routing.circuit import State
from wallascli.routing.cooling import Verdict
from wallascli.routing.health import Health
from wallascli.routing.needs import Needs, read_needs
from wallascli.routing.resolve import Group, Meaning, Resolver
from wallascli.routing.rules import Rules
from wallascli.routing.tiers import TIERS
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import FailureClass
from wallascli.vocab.models import Modality, ModelCard, Operation, Status
from wallascli.vocab.policy import Policy, Privacy

# A plan stays good this long when nothing happens: measured means drift, and so does the wish to explore.
_KEPT = 1.0
_MOST_KEPT = 256
_MOST_CONVERSATIONS = 4_096

_NEVER_ASKED = {
    FailureClass.RATE_LIMITED: "quota",
    FailureClass.QUOTA_SPENT: "quota",
    FailureClass.MODEL_GONE: "gone",
    FailureClass.BAD_KEY: "rejected",
    FailureClass.NO_CREDIT: "rejected",
}
_SEES = {Modality.IMAGE: "images", Modality.AUDIO: "audio", Modality.VIDEO: "video", Modality.PDF: "PDF files"}


@dataclass(frozen=True, slots=True)
class _Case:
    """One card in one group, being considered."""

    card: ModelCard
    place: Place
    group: Group
    request: ChatRequest
    needs: Needs
    policy: Policy
    rules: Rules

    @property
    def free(self) -> bool:
        return self.place.costs_nothing(self.card)


Check = Callable[[_Case], Refused | None]


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
        self._wires = tuple({place.provider.wire.name: place.provider.wire for place in places.values()}.values())
        self._kept: dict[object, tuple[float, Plan]] = {}
        self._stamp: tuple[int, int] = (-1, -1)
        self._conversations: dict[int, str] = {}

    def plan(self, request: ChatRequest, policy: Policy) -> Plan:
        """Raises ``UnknownModel`` or ``NotUnderstood`` for a name that means nothing."""
        needs = read_needs(request)
        now = self._wall()
        stamp = (self._health.version, self._catalog.version)
        if stamp != self._stamp or len(self._kept) > _MOST_KEPT:
            self._kept.clear()
            self._stamp = stamp
        sticky = self._conversations.get(_conversation(request, policy), "") if self._conversations else ""
        key = (request.model, request.models, policy.tier, policy.provider, policy.allow_paid, policy.privacy,
               needs, sticky, self._unsayable(request, needs))  # fmt: skip
        kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        plan = self._made(request, policy, needs, sticky, now)
        self._kept[key] = (min(now + _KEPT, max(now, self._health.changes_at(now))), plan)
        return plan

    def _unsayable(self, request: ChatRequest, needs: Needs) -> tuple[tuple[str, ...], ...]:
        """What wires cannot carry of it: the same needs may come with a picture as bytes or as an address."""
        if not needs.tools and not any(word.endswith(" input") for word in needs.signals):
            return ()
        return tuple(wire.lacks(request) for wire in self._wires)

    def remember(self, request: ChatRequest, policy: Policy, candidate: Candidate) -> None:
        """Who answered: asked first next time, while it is healthy (style and prompt cache)."""
        conversation = _conversation(request, policy)
        self._conversations.pop(conversation, None)
        self._conversations[conversation] = candidate.name
        if len(self._conversations) > _MOST_CONVERSATIONS:
            del self._conversations[next(iter(self._conversations))]

    def _made(self, request: ChatRequest, policy: Policy, needs: Needs, sticky: str, now: float) -> Plan:
        meaning = self._resolver.meaning(request, policy)
        ready: dict[str, Candidate] = {}
        asleep: list[tuple[tuple[int, float], Candidate]] = []
        refused: dict[str, Refused] = {}
        for group in meaning.groups:
            for candidate in self._group(group, request, policy, needs, sticky, refused, now):
                if candidate.name in ready:
                    continue
                verdict = self._verdict(candidate, now)
                if verdict.may_ask:
                    ready[candidate.name] = candidate
                elif (kind := _never(verdict)) and not _is_last_hope(verdict):
                    refused[candidate.name] = Refused(candidate.name, _asleep(verdict, now), kind, verdict.until)
                else:
                    asleep.append((verdict.badness, replace(candidate, last_resort=True)))
        order = [*ready.values(), *(c for _, c in sorted(asleep, key=lambda pair: pair[0]) if c.name not in ready)]
        return self._plan(meaning, request, needs, order, refused)

    def _plan(
        self,
        meaning: Meaning,
        request: ChatRequest,
        needs: Needs,
        order: list[Candidate],
        refused: Mapping[str, Refused],
    ) -> Plan:
        chosen = {candidate.name for candidate in order}
        return Plan(
            asked=request.model,
            profile=meaning.profile,
            candidates=tuple(order),
            refused=tuple(r for name, r in refused.items() if name not in chosen),
            signals=needs.signals,
            total=order[0].deadlines.total if order else Deadlines().total,
        )

    def _group(
        self,
        group: Group,
        request: ChatRequest,
        policy: Policy,
        needs: Needs,
        sticky: str,
        refused: dict[str, Refused],
        now: float,
    ) -> Iterator[Candidate]:
        fit: list[Candidate] = []
        for card in group.cards:
            place = self._places.get(card.provider)
            if place is None:
                continue
            case = _Case(card, place, group, request, needs, policy, self._rules)
            if (no := self._refusal(case)) is not None:
                refused.setdefault(no.name, no)
            else:
                fit.append(self._candidate(case, sticky, now))
        yield from sorted(fit, key=lambda c: (-c.score, c.name)) if group.ranked else fit

    def _refusal(self, case: _Case) -> Refused | None:
        # What a local server may offer is known from itself or from the settings; its cloud models lie there too.
        if not case.group.exact and case.place.provider.local and not case.card.listed:
            return Refused(case.card.name, "not installed here", "gone")
        checks = _ALWAYS if case.group.exact else _CHECKS
        return next((no for check in checks if (no := check(case)) is not None), None)

    def _candidate(self, case: _Case, sticky: str, now: float) -> Candidate:
        card, group = case.card, case.group
        measured = self._health.measured(card.provider, card.id, now)
        tier = group.tier or TIERS["auto"]
        terms = score.terms(
            card, tier, case.needs, measured, free=case.free, sticky=bool(sticky) and sticky == card.name
        )
        return Candidate(
            provider=case.place.provider,
            card=card,
            keys=case.place.keys,
            deadlines=self._rules.deadlines(case.place.provider, group.alias.name if group.alias else ""),
            retries=self._retries(group),
            named=group.named,
            terms=terms,
            why=group.why,
        )

    def _retries(self, group: Group) -> int:
        told = group.alias.retries if group.alias else None
        return self._rules.retries if told is None else told

    def _verdict(self, candidate: Candidate, now: float) -> Verdict:
        prints = [key.fingerprint for key in candidate.keys]
        return self._health.verdict(candidate.provider.name, candidate.card.id, prints, now)


def _conversation(request: ChatRequest, policy: Policy) -> int:
    """The same for every turn of one conversation: its name if it has one, else its first words."""
    return hash(policy.conversation or tuple(message.text for message in request.messages[:2]))


def _never(verdict: Verdict) -> str:
    return _NEVER_ASKED.get(verdict.reason, "") if verdict.reason and verdict.state is State.OPEN else ""


def _is_last_hope(verdict: Verdict) -> bool:
    """A spent quota is certain to be refused until it resets; a key or a model may have been mended meanwhile."""
    return _never(verdict) != "quota" or not verdict.told


def _asleep(verdict: Verdict, now: float) -> str:
    seconds = max(0, round(verdict.until - now))
    what = verdict.reason.value.replace("_", " ") if verdict.reason else "cooling down"
    return f"{what}, back in {seconds} s" + (f" ({verdict.message[:80]})" if verdict.message else "")


def _usable(case: _Case) -> Refused | None:
    place = case.place
    return Refused(case.card.name, place.unusable, place.unusable_kind) if place.unusable else None


def _kind(case: _Case) -> Refused | None:
    if case.card.operation is not Operation.CHAT:
        return Refused(case.card.name, f"a model for {case.card.operation.value}, not for chat", "other")
    return None


def _alive(case: _Case) -> Refused | None:
    return Refused(case.card.name, "retired", "gone") if case.card.status is Status.RETIRED else None


def _paid(case: _Case) -> Refused | None:
    """Both halves of the switch, or it is free. Unknown price counts as paid (P5)."""
    if case.free or (case.rules.allow_paid and (case.policy.allow_paid or case.rules.paid_by_default)):
        return None
    price = case.card.price.output
    said = (
        "its price is unknown, so it counts as paid"
        if price is None
        else f"paid ({price:g} USD per million tokens)"
    )
    return Refused(case.card.name, said, "paid")


def _private(case: _Case) -> Refused | None:
    card, provider = case.card, case.place.provider
    wish = case.policy.privacy if case.policy.privacy is not Privacy.ANY else case.rules.privacy
    if wish is Privacy.LOCAL and not (card.local and not card.leaves_machine):
        return Refused(card.name, "not on this machine", "privacy")
    if wish is Privacy.NO_TRAINING and not card.local and provider.trains is not Trains.NO:
        return Refused(card.name, "may train on what is sent", "privacy")
    return None


def _sees(case: _Case) -> Refused | None:
    missing = case.needs.takes - case.card.takes
    if case.group.tier is not None and "image" in case.group.tier.needs and Modality.IMAGE not in case.card.takes:
        missing |= {Modality.IMAGE}
    if not missing:
        return None
    words = ", ".join(sorted(_SEES.get(kind, kind.value) for kind in missing))
    return Refused(case.card.name, f"does not take {words}", "needs")


def _able(case: _Case) -> Refused | None:
    card, tier = case.card, case.group.tier
    wanted = tier.needs if tier else frozenset()
    for fact, needed, demanded in (
        ("tools", case.needs.tools, "tools" in wanted),
        ("structured", case.needs.structured, "structured" in wanted),
        ("reasoning", False, "reasoning" in wanted),
    ):
        value = getattr(card, fact)
        if (needed and value is False) or (demanded and value is not True):
            return Refused(card.name, f"no {fact}" if value is False else f"{fact} unknown", "needs")
    return None


def _fits(case: _Case) -> Refused | None:
    window = case.card.context
    if window is None or case.needs.window <= window:
        return None
    return Refused(case.card.name, f"about {case.needs.window} tokens, window {window}", "window")


def _says(case: _Case) -> Refused | None:
    lost = case.place.provider.wire.lacks(case.request)
    return Refused(case.card.name, f"its API cannot carry {', '.join(lost)}", "needs") if lost else None


_ALWAYS: tuple[Check, ...] = (_usable, _paid, _private, _says)
_CHECKS: tuple[Check, ...] = (_usable, _kind, _alive, _paid, _private, _sees, _able, _fits, _says)
