"""The life of a circuit under anything that may happen: what is promised holds at every moment."""

from __future__ import annotations

import math
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from wallascli.routing.circuit import LONG, LONGEST, State
from wallascli.routing.cooling import Probe, Verdict
from wallascli.routing.health import Health
from wallascli.vocab.failures import Cools, Failure, FailureClass

NOON = 1_795_521_600.0  # 2026-11-24 12:00 UTC

FULL = [FailureClass.BROKEN, FailureClass.OVERLOADED, FailureClass.UNREACHABLE]
HALF = [FailureClass.SLOW, FailureClass.EMPTY, FailureClass.UNKNOWN]
NOBODYS = [kind for kind in FailureClass if kind.policy.cools is Cools.NOBODY]


def no(kind: FailureClass, until: float | None = None, status: int | None = None) -> Failure:
    return Failure(kind, f"it said {kind.value}", until=until, status=status)


def ask(health: Health, now: float) -> Verdict:
    return health.verdict("p", "m", ("k",), now)


def succeed(health: Health, now: float, took: float) -> None:
    health.succeeded("p", "m", "k", first_content=took / 2, characters=500, seconds=took, now=now)


@given(
    seed=st.integers(0, 2**32),
    gap=st.floats(0.05, 20),
    outage=st.floats(0.1, 600),
    kinds=st.lists(st.sampled_from([*FULL, *HALF, FailureClass.RATE_LIMITED]), min_size=1, max_size=5),
)
def test_traffic_is_back_within_fifteen_seconds_and_a_gap(
    seed: int, gap: float, outage: float, kinds: list[FailureClass]
) -> None:
    health, asked, now = Health(Random(seed)), 0, NOON
    while True:
        now += gap
        if not ask(health, now).may_ask:
            continue
        probe = health.begin_probe("p", "m", "k", now)
        assert probe is not None
        if now >= NOON + outage:
            break
        health.failed("p", "m", "k", no(kinds[asked % len(kinds)]), now)
        health.end_probe(probe)
        asked += 1
    assert now <= NOON + outage + LONGEST + gap + 1e-6


class Circuits(RuleBasedStateMachine):
    """Anything may happen to one candidate with one key; what is promised holds at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.health = Health(Random(7))
        self.now = NOON
        self.told = 0.0
        self.guessed_at = -math.inf
        self.probes: list[tuple[Probe, float]] = []

    def verdict(self) -> Verdict:
        return ask(self.health, self.now)

    def fail(self, failure: Failure) -> None:
        before = self.verdict()
        self.health.failed("p", "m", "k", failure, self.now)
        after = self.verdict()
        if before.state is State.OPEN:
            assert after.state is State.OPEN
            assert after.until >= before.until

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(kind=st.sampled_from([*FULL, *HALF, FailureClass.RATE_LIMITED]))
    def it_fails(self, kind: FailureClass) -> None:
        self.fail(no(kind))
        self.guessed_at = self.now
        if kind.policy.weight != 0.5:
            assert self.verdict().state is State.OPEN

    @rule(
        kind=st.sampled_from([FailureClass.RATE_LIMITED, FailureClass.OVERLOADED, FailureClass.UNREACHABLE]),
        seconds=st.floats(0.1, 120),
    )
    def it_fails_and_names_its_return(self, kind: FailureClass, seconds: float) -> None:
        self.fail(no(kind, until=self.now + seconds))
        self.told = max(self.told, self.now + seconds)

    @rule(kind=st.sampled_from(NOBODYS))
    def the_caller_errs(self, kind: FailureClass) -> None:
        before = (self.health.version, self.health.stats(self.now), self.verdict())
        self.health.failed("p", "m", "k", no(kind, until=self.now + 50, status=400), self.now)
        assert before == (self.health.version, self.health.stats(self.now), self.verdict())

    @rule(seconds=st.floats(0.2, 5))
    def it_answers(self, seconds: float) -> None:
        self.now += seconds
        succeed(self.health, self.now, took=seconds)
        self.told = 0.0
        self.guessed_at = -math.inf
        assert self.verdict().state is State.CLOSED

    @precondition(lambda self: self.verdict().state is State.HALF_OPEN)
    @rule()
    def somebody_tries(self) -> None:
        free = self.verdict().may_ask
        probe = self.health.begin_probe("p", "m", "k", self.now)
        assert (probe is not None) == free
        if probe is not None:
            lease = self.health.probe_first_byte("p", "m", self.now) + 2
            self.probes.append((probe, self.now + lease))

    @precondition(lambda self: self.probes)
    @rule()
    def a_try_ends(self) -> None:
        self.health.end_probe(self.probes.pop(0)[0])

    @invariant()
    def a_guess_never_lasts_longer_than_fifteen_seconds(self) -> None:
        verdict = self.verdict()
        if verdict.state is State.OPEN and not verdict.told:
            assert verdict.reason not in LONG
            assert verdict.until - self.now <= LONGEST
        if self.now >= max(self.guessed_at + LONGEST, self.told):
            assert verdict.state is not State.OPEN

    @invariant()
    def what_was_told_is_honoured(self) -> None:
        if self.now < self.told:
            assert self.verdict().state is State.OPEN
            assert self.verdict().until >= self.told

    @invariant()
    def one_probe_at_a_time(self) -> None:
        alive = [probe for probe, ends in self.probes if ends > self.now and probe.subjects]
        tried = [subject for probe in alive for subject in probe.subjects]
        assert len(tried) == len(set(tried))


TestCircuits = Circuits.TestCase
