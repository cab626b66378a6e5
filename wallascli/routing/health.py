"""Who may be asked, and what was measured: what every attempt reports to and every plan looks at.

Sans I/O: time is an argument (wall-clock epoch seconds, as processes share what they learn), chance is
injected. Keys are named by fingerprint. ``take``, ``put_back`` and ``merge`` are for ``store.keeper``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from random import Random

from wallascli.routing import circuit
from wallascli.routing.averages import Averages, Measured, note_end, note_failure, note_wait
from wallascli.routing.cooling import PROVIDER, Cooling, Probe, Subject, Verdict
from wallascli.routing.stats import StatsRow, stats_rows
from wallascli.store.rows import CircuitRow, Memory
from wallascli.vocab.failures import Cools, Failure, FailureClass

PROBE_FIRST_BYTE = 3.0  # seconds; a candidate that was slower when it was well gets its own p95
LEASE_SLACK = 2.0  # seconds beyond that bound after which a probe that never reported counts as dead


class Health:
    """The health of everybody this process may ask. Used from one thread, the event loop's."""

    __slots__ = ("_averages", "_cooling", "_random", "_shifts")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._cooling = Cooling()
        self._averages = Averages()
        self._shifts = 0

    @property
    def version(self) -> int:
        """Grows with every event that may change a choice. Time changes choices too: ``changes_at``."""
        return self._cooling.version + self._shifts

    @property
    def circuits_version(self) -> int:
        """Grows when somebody falls asleep, wakes, or is tried: no plan made before may be used."""
        return self._cooling.version

    def changes_at(self, now: float) -> float:
        """When the next cooldown or probe ends; infinite if none runs."""
        return self._cooling.changes_at(now)

    def verdict(self, provider: str, model: str, keys: Sequence[str], now: float) -> Verdict:
        """Whether ``model`` may be asked with any of ``keys``; no keys: without one."""
        return self._cooling.verdict(provider, model, keys, now)

    def keys_by_health(self, provider: str, model: str, keys: Sequence[str], now: float) -> Sequence[str]:
        """The same keys, the least bad first, otherwise in their order."""
        if len(keys) < 2 or not self._cooling.knows(provider):
            return keys
        verdict = self._cooling.key_verdict
        return sorted(keys, key=lambda key: verdict(provider, model, key, now).badness)

    def begin_probe(
        self, provider: str, model: str, key: str, now: float, *, lease: float | None = None
    ) -> Probe | None:
        """The right to ask what is half-open, for one request at a time; ``None``: somebody else has it.

        It ends with ``end_probe``, or by itself after ``lease`` seconds, so that a lost probe blocks nobody
        for long. What is closed or open needs no probe and is always granted one.
        """
        if lease is None:
            lease = self.probe_first_byte(provider, model, now) + LEASE_SLACK
        return self._cooling.begin_probe(provider, _subjects(model, key), now, lease)

    def end_probe(self, probe: Probe) -> None:
        """Give the right back, whatever came of it. Harmless when it has already ended."""
        self._cooling.end_probe(probe)

    def probe_first_byte(self, provider: str, model: str, now: float) -> float:
        """Seconds that a probe may wait for its first content while another candidate is left."""
        measured = self._averages.measured(provider, model, now)
        return max(PROBE_FIRST_BYTE, (measured and measured.first_content_p95) or 0.0)

    def measured(self, provider: str, model: str, now: float) -> Measured | None:
        """What was measured of a candidate, with the weight of it; ``None`` if it was never asked."""
        return self._averages.measured(provider, model, now)

    def failed(
        self,
        provider: str,
        model: str,
        key: str,
        failure: Failure,
        now: float,
        *,
        waited: float | None = None,
        shared: Collection[str] = (),
    ) -> None:
        """One attempt failed. The class of ``failure`` decides who is to blame; a caller's fault is nobody's.

        ``waited``: seconds without a first content that one of our deadlines ended. ``shared``: further keys
        of the same account, where limits belong to the account. ``key``: empty if none was sent.
        """
        policy = failure.kind.policy
        if policy.cools is Cools.NOBODY:
            return
        blame = policy.weight if policy.cools is Cools.CANDIDATE else 0.0
        average = self._averages.of(provider, model)
        rows = average.touched(now)
        note_failure(rows, blame, f"{failure.kind.value}: {failure.message[: circuit.MESSAGE]}", now)
        if waited is not None and failure.kind is FailureClass.SLOW:
            note_wait(rows, waited, answered=False)
        self._shifts += average.moved()

        def step(row: CircuitRow) -> CircuitRow:
            return circuit.failed(row, failure, now, self._random)

        for subject in dict.fromkeys(_blamed(policy.cools, model, one) for one in (key, *shared)):
            self._cooling.change(provider, subject, step, begin=True)
        if failure.status is not None and policy.cools is not Cools.PROVIDER:
            self._cooling.change(provider, PROVIDER, partial(_reached, now=now))

    def answering(self, provider: str, model: str, key: str, *, first_content: float, now: float) -> None:
        """The first content is here, ``first_content`` seconds after asking: the circuits close.

        So traffic is back before a long answer has ended. Measures nothing: ``succeeded`` does.
        """
        self._each(provider, model, key, partial(circuit.answered, started=now - first_content, now=now))

    def succeeded(
        self,
        provider: str,
        model: str,
        key: str,
        *,
        first_content: float | None,
        characters: int,
        seconds: float,
        now: float,
    ) -> None:
        """A whole answer of ``characters`` took ``seconds``; its first content came after ``first_content``,
        ``None`` where it did not come as a stream, as it says nothing about the first content then."""
        average = self._averages.of(provider, model)
        rows = average.touched(now)
        if first_content is not None:
            note_wait(rows, first_content, answered=True)
        note_end(rows, characters, 0.0 if first_content is None else seconds - first_content, now)
        self._shifts += average.moved()
        self._each(provider, model, key, partial(circuit.succeeded, started=now - seconds, now=now))

    def forget_gone(self, now: float, provider: str | None = None) -> None:
        """A discovery has run: models said to be gone may be asked again, at one provider or at all."""
        for row in self._cooling.select(provider):
            if row.kind is FailureClass.MODEL_GONE:
                self._forgive(row, now)

    def retain_keys(self, provider: str, keys: Collection[str], now: float) -> None:
        """The settings were read: what is known of keys that stand there no longer is forgotten."""
        for row in self._cooling.select(provider):
            if row.key and row.key not in keys:
                self._forgive(row, now)

    def stats(self, now: float) -> list[StatsRow]:
        """Everything that is known, for ``/v1/stats``, by key."""
        return stats_rows(self._averages.totals(), self._cooling, now)

    def take(self) -> Memory:
        """What the store has not seen yet."""
        return Memory(self._cooling.take(), self._averages.take())

    def put_back(self, changes: Memory) -> None:
        """The store could not keep what was taken."""
        self._cooling.put_back(changes.circuits)
        self._averages.put_back(changes.averages)

    def merge(self, found: Memory) -> None:
        """Rows of the store, which it gives away."""
        self._cooling.merge(found.circuits)
        self._shifts += self._averages.merge(found.averages)

    def _each(self, provider: str, model: str, key: str, step: Callable[[CircuitRow], CircuitRow]) -> None:
        if self._cooling.knows(provider):
            for subject in dict.fromkeys(_subjects(model, key)):
                self._cooling.change(provider, subject, step)

    def _forgive(self, row: CircuitRow, now: float) -> None:
        self._cooling.change(row.provider, (row.model, row.key), partial(circuit.forgiven, at=now))


def _subjects(model: str, key: str) -> tuple[Subject, ...]:
    """Everything whose sleep keeps this model from being asked with this key."""
    return (PROVIDER, (model, ""), ("", key), (model, key))


def _blamed(cools: Cools, model: str, key: str) -> Subject:
    if cools is Cools.PROVIDER:
        return PROVIDER
    # Without a key there is none to blame, and the provider's other models may well need none.
    if cools is Cools.KEY and key:
        return ("", key)
    return (model, key) if cools is Cools.KEY_MODEL else (model, "")


def _reached(row: CircuitRow, now: float) -> CircuitRow:
    """A provider that says no can be reached."""
    return circuit.answered(row, now, now) if row.kind is FailureClass.UNREACHABLE else row
