"""Who sleeps: the circuits of all providers, candidates and keys, and the leases of those who try them.

Only circuits with a past are kept, by provider, so that asking about an untroubled one is a single look-up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from wallascli.routing import circuit
from wallascli.routing.circuit import State
from wallascli.store.rows import CircuitRow
from wallascli.vocab.failures import Cools, FailureClass

MOST = 1_024  # circuits at one provider: each name that a caller invents may leave one

Subject = tuple[str, str]
"""Model and key fingerprint at one provider; empty stands for "whatever"."""
PROVIDER: Subject = ("", "")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one candidate may be asked now, and if not, who says so and until when."""

    state: State = State.CLOSED
    until: float = 0.0
    told: bool = False
    """The provider named the time; otherwise it is our guess."""
    reason: FailureClass | None = None
    scope: Cools = Cools.NOBODY
    """What sleeps: the candidate, the provider, the key, …"""
    message: str = ""
    probed: bool = False
    """Half-open, and somebody is trying it, until ``until`` at the latest."""

    @property
    def may_ask(self) -> bool:
        """Half-open: with a ``Probe`` in hand only."""
        return self.state is State.CLOSED or (self.state is State.HALF_OPEN and not self.probed)

    @property
    def badness(self) -> tuple[int, float]:
        """A sort key: when everything is open, the least bad is asked.

        A short guess may be wrong; what the provider told, or a person must change, hardly is. Among equals
        the soonest to end.
        """
        if self.state is State.CLOSED:
            return (0, 0.0)
        if self.state is State.HALF_OPEN:
            return (2, self.until) if self.probed else (1, 0.0)
        return (4 if self.told or self.reason in circuit.LONG else 3, self.until)


CLOSED = Verdict()


@dataclass(frozen=True, slots=True)
class Probe:
    """The right to try what is half-open, alone. ``end_probe`` gives it back, however the try ended."""

    token: int
    provider: str
    subjects: tuple[Subject, ...]


class Cooling:
    """All circuits of one process. ``version`` grows when a deadline is set or lifted."""

    __slots__ = ("_circuits", "_leases", "_tokens", "_unsaved", "version")

    def __init__(self) -> None:
        self._circuits: dict[str, dict[Subject, CircuitRow]] = {}
        self._unsaved: dict[tuple[str, Subject], CircuitRow] = {}
        self._leases: dict[tuple[str, Subject], tuple[int, float]] = {}
        self._tokens = 0
        self.version = 0

    def verdict(self, provider: str, model: str, keys: Sequence[str], now: float) -> Verdict:
        """Whether the model may be asked with any of the keys."""
        circuits = self._circuits.get(provider)
        if circuits is None:
            return CLOSED
        found = self._worse(CLOSED, circuits.get(PROVIDER), now)
        found = self._worse(found, circuits.get((model, "")), now)
        best: Verdict | None = None
        for key in keys:
            one = self._key(circuits, model, key, now)
            if one is CLOSED:
                return found
            best = one if best is None else min(best, one, key=_severity)
        return found if best is None else max(found, best, key=_severity)

    def key_verdict(self, provider: str, model: str, key: str, now: float) -> Verdict:
        """Whether this key may be used for the model, whatever the state of the model itself."""
        circuits = self._circuits.get(provider)
        return CLOSED if circuits is None else self._key(circuits, model, key, now)

    def subject_verdict(self, row: CircuitRow, now: float) -> Verdict:
        """What one circuit says by itself."""
        return self._worse(CLOSED, row, now)

    def knows(self, provider: str) -> bool:
        """Whether anything there has a past."""
        return provider in self._circuits

    def begin_probe(self, provider: str, subjects: Iterable[Subject], now: float, lease: float) -> Probe | None:
        """Take the half-open ones among ``subjects`` for oneself; ``None`` if somebody else has one."""
        circuits = self._circuits.get(provider, {})
        wanted = tuple(
            subject
            for subject in dict.fromkeys(subjects)
            if (row := circuits.get(subject)) is not None and circuit.state(row, now) is State.HALF_OPEN
        )
        if any(self._leased(provider, subject, now) for subject in wanted):
            return None
        self._tokens += 1
        for subject in wanted:
            self._leases[provider, subject] = (self._tokens, now + lease)
        self.version += bool(wanted)
        return Probe(self._tokens, provider, wanted)

    def end_probe(self, probe: Probe) -> None:
        for subject in probe.subjects:
            token, _ = self._leases.get((probe.provider, subject), (0, 0.0))
            if token == probe.token:
                del self._leases[probe.provider, subject]
                self.version += 1

    def change(
        self, provider: str, subject: Subject, step: Callable[[CircuitRow], CircuitRow], *, begin: bool = False
    ) -> None:
        """Apply a step of a circuit's life to one that has a past, or with ``begin`` to any."""
        circuits = self._circuits.get(provider)
        row = circuits.get(subject) if circuits else None
        if row is None:
            if not begin:
                return
            # What was forgiven since the last write must stay so: a new life goes on from there.
            row = self._unsaved.get((provider, subject)) or CircuitRow(provider, *subject)
        changed = step(row)
        if changed is not row:
            self._unsaved[provider, subject] = changed
            self._put(changed)

    def select(self, provider: str | None = None) -> list[CircuitRow]:
        """The circuits with a past, of one provider or of all."""
        if provider is not None:
            return list(self._circuits.get(provider, {}).values())
        return [row for circuits in self._circuits.values() for row in circuits.values()]

    def changes_at(self, now: float) -> float:
        """When time alone will next change a verdict."""
        ends = (row.until for row in self.select() if row.until > now)
        leases = (until for _, until in self._leases.values() if until > now)
        return min(*ends, *leases, math.inf, math.inf)

    def take(self) -> tuple[CircuitRow, ...]:
        taken = tuple(self._unsaved.values())
        self._unsaved.clear()
        return taken

    def put_back(self, rows: Iterable[CircuitRow]) -> None:
        for row in rows:
            self._unsaved[row.provider, (row.model, row.key)] = self._known(row).merged(row)

    def merge(self, rows: Iterable[CircuitRow]) -> None:
        for row in rows:
            merged = self._known(row).merged(row)
            if merged != row:
                self._unsaved[row.provider, (row.model, row.key)] = merged
            self._put(merged)

    def _known(self, row: CircuitRow) -> CircuitRow:
        subject = (row.model, row.key)
        unsaved = self._unsaved.get((row.provider, subject))
        return unsaved or self._circuits.get(row.provider, {}).get(subject, row)

    def _put(self, row: CircuitRow) -> None:
        provider, subject = row.provider, (row.model, row.key)
        circuits = self._circuits.get(provider, {})
        old = circuits.get(subject)
        if (old.until if old else 0.0) != row.until:
            self.version += 1
        if not circuit.is_spotless(row):
            circuits[subject] = row
            self._circuits[provider] = circuits
            if len(circuits) > MOST:
                oldest = min(circuits, key=lambda one: (not one[0], circuits[one].failed_at))
                self._unsaved.pop((provider, oldest), None)
                del circuits[oldest]
        elif old is not None:
            del circuits[subject]
            if not circuits:
                del self._circuits[provider]

    def _key(self, circuits: dict[Subject, CircuitRow], model: str, key: str, now: float) -> Verdict:
        everywhere = self._worse(CLOSED, circuits.get(("", key)), now)
        return self._worse(everywhere, circuits.get((model, key)), now)

    def _worse(self, verdict: Verdict, row: CircuitRow | None, now: float) -> Verdict:
        """``verdict``, or what ``row`` says if that is worse."""
        if row is None or (state := circuit.state(row, now)) is State.CLOSED:
            return verdict
        lease = self._leased(row.provider, (row.model, row.key), now) if state is State.HALF_OPEN else 0.0
        found = Verdict(state, lease or row.until, row.told, row.kind, scope(row), row.message, probed=lease > 0)
        return found if verdict is CLOSED else max(verdict, found, key=_severity)

    def _leased(self, provider: str, subject: Subject, now: float) -> float:
        """Until when somebody tries this circuit; 0 if nobody does."""
        _, until = self._leases.get((provider, subject), (0, 0.0))
        return until if until > now else 0.0


def _severity(verdict: Verdict) -> tuple[int, float]:
    """For what must all be over before one may ask: the latest deadline decides."""
    if verdict.state is State.OPEN:
        return (3, verdict.until)
    return verdict.badness


def scope(row: CircuitRow) -> Cools:
    """What a circuit stands for."""
    if row.model and row.key:
        return Cools.KEY_MODEL
    if row.key:
        return Cools.KEY
    if not row.model:
        return Cools.PROVIDER
    return Cools.MODEL if row.kind is FailureClass.MODEL_GONE else Cools.CANDIDATE
