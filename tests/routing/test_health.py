"""Who sleeps after what, for how long, and who may try."""

from __future__ import annotations

import math
from random import Random

import pytest

from wallascli.routing.circuit import DAY, State
from wallascli.routing.cooling import MOST, Verdict
from wallascli.routing.health import Health
from wallascli.vocab.failures import Cools, Failure, FailureClass

NOON = 1_795_521_600.0  # 2026-11-24 12:00 UTC
MIDNIGHT = NOON + DAY / 2

FULL = [FailureClass.BROKEN, FailureClass.OVERLOADED, FailureClass.UNREACHABLE]
HALF = [FailureClass.SLOW, FailureClass.EMPTY, FailureClass.UNKNOWN]
NOBODYS = [kind for kind in FailureClass if kind.policy.cools is Cools.NOBODY]


def no(kind: FailureClass, until: float | None = None, status: int | None = None) -> Failure:
    return Failure(kind, f"it said {kind.value}", until=until, status=status)


@pytest.fixture
def health() -> Health:
    return Health(Random(1))


def ask(health: Health, now: float, model: str = "m", *keys: str) -> Verdict:
    return health.verdict("p", model, keys or ("k",), now)


def succeed(health: Health, now: float, *, model: str = "m", key: str = "k", took: float = 1.0) -> None:
    health.succeeded("p", model, key, first_content=took / 2, characters=500, seconds=took, now=now)


def test_whom_nothing_happened_to_may_be_asked(health: Health) -> None:
    assert ask(health, NOON).may_ask
    assert ask(health, NOON) is ask(health, NOON, "other"), "a healthy candidate costs no allocation"


@pytest.mark.parametrize("kind", NOBODYS, ids=lambda kind: kind.value)
def test_the_callers_mistake_changes_nothing(health: Health, kind: FailureClass) -> None:
    health.failed("p", "m", "k", no(kind, until=NOON + 99, status=400), NOON)
    assert ask(health, NOON).may_ask
    assert health.version == 0
    assert not health.take()
    assert health.stats(NOON) == []


@pytest.mark.parametrize("kind", FULL, ids=lambda kind: kind.value)
def test_a_full_failure_opens_at_once(health: Health, kind: FailureClass) -> None:
    health.failed("p", "m", "k", no(kind), NOON)
    verdict = ask(health, NOON)
    assert (verdict.state, verdict.told, verdict.reason) == (State.OPEN, False, kind)
    assert NOON + 1.5 <= verdict.until <= NOON + 2


@pytest.mark.parametrize("kind", HALF, ids=lambda kind: kind.value)
def test_three_half_failures_open_a_circuit(health: Health, kind: FailureClass) -> None:
    for seconds in (0, 1):
        health.failed("p", "m", "k", no(kind), NOON + seconds)
        assert ask(health, NOON + seconds).may_ask
    health.failed("p", "m", "k", no(kind), NOON + 2)
    assert ask(health, NOON + 2).state is State.OPEN


def test_a_success_between_half_failures_forgives_them(health: Health) -> None:
    for now in (NOON, NOON + 1, NOON + 10, NOON + 11):
        health.failed("p", "m", "k", no(FailureClass.SLOW), now)
        if now == NOON + 1:
            succeed(health, NOON + 5)
    assert ask(health, NOON + 11).may_ask


def test_a_success_that_began_before_the_failure_forgives_nothing(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.OVERLOADED), NOON)
    succeed(health, NOON + 1, took=30)
    health.answering("p", "m", "k", first_content=30, now=NOON + 1)
    assert ask(health, NOON + 1).state is State.OPEN


def test_half_failures_far_apart_are_not_three_in_a_row(health: Health) -> None:
    for minute in (0, 6, 12, 18):
        health.failed("p", "m", "k", no(FailureClass.EMPTY), NOON + 60 * minute)
    assert ask(health, NOON + 60 * 18).may_ask


@pytest.mark.parametrize(
    ("kind", "sleeps"),
    [
        (FailureClass.BAD_KEY, {("m", "k"), ("n", "k")}),
        (FailureClass.NO_CREDIT, {("m", "k"), ("n", "k")}),
        (FailureClass.RATE_LIMITED, {("m", "k")}),
        (FailureClass.QUOTA_SPENT, {("m", "k")}),
        (FailureClass.MODEL_GONE, {("m", "k"), ("m", "l")}),
        (FailureClass.BROKEN, {("m", "k"), ("m", "l")}),
        (FailureClass.OVERLOADED, {("m", "k"), ("m", "l")}),
        (FailureClass.UNREACHABLE, {("m", "k"), ("m", "l"), ("n", "k"), ("n", "l")}),
    ],
    ids=lambda value: value.value if isinstance(value, FailureClass) else "",
)
def test_the_right_one_is_blamed(health: Health, kind: FailureClass, sleeps: set[tuple[str, str]]) -> None:
    health.failed("p", "m", "k", no(kind), NOON)
    asleep = {(model, key) for model in "mn" for key in "kl" if ask(health, NOON, model, key).state is State.OPEN}
    assert asleep == sleeps
    assert health.verdict("other", "m", ("k",), NOON).may_ask


def test_another_key_keeps_the_model_awake_and_stands_first(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.RATE_LIMITED), NOON)
    assert ask(health, NOON, "m", "k", "l").may_ask
    assert list(health.keys_by_health("p", "m", ("k", "l"), NOON)) == ["l", "k"]
    assert list(health.keys_by_health("p", "n", ("k", "l"), NOON)) == ["k", "l"]


def test_a_limit_of_the_account_sleeps_with_all_its_keys(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.QUOTA_SPENT), NOON, shared=("k", "l"))
    assert ask(health, NOON, "m", "k", "l").state is State.OPEN
    assert ask(health, NOON, "n", "k", "l").may_ask


@pytest.mark.parametrize("kind", [FailureClass.BAD_KEY, FailureClass.NO_CREDIT], ids=lambda kind: kind.value)
def test_without_a_key_only_the_model_is_blamed(health: Health, kind: FailureClass) -> None:
    health.failed("p", "m", "", no(kind), NOON)
    assert health.verdict("p", "m", (), NOON).state is State.OPEN
    assert health.verdict("p", "n", (), NOON).may_ask
    assert ask(health, NOON, "n", "k").may_ask


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        (FailureClass.BAD_KEY, NOON + DAY),
        (FailureClass.NO_CREDIT, NOON + DAY),
        (FailureClass.QUOTA_SPENT, MIDNIGHT),
        (FailureClass.MODEL_GONE, NOON + 6 * 3600),
    ],
    ids=lambda value: value.value if isinstance(value, FailureClass) else "",
)
def test_what_no_server_can_mend_sleeps_long(health: Health, kind: FailureClass, ends: float) -> None:
    health.failed("p", "m", "k", no(kind), NOON)
    assert ask(health, ends - 1).state is State.OPEN
    assert ask(health, ends).state is State.HALF_OPEN, "then it is tried again"
    succeed(health, ends + 1)
    assert ask(health, ends + 1).state is State.CLOSED


def test_a_told_deadline_wins_over_the_calendar(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.QUOTA_SPENT, until=NOON + 60), NOON)
    assert ask(health, NOON + 59).told
    assert ask(health, NOON + 60).state is State.CLOSED, "who named the end of a limit needs no probe"


def test_a_server_that_named_its_return_still_has_to_prove_it(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.OVERLOADED, until=NOON + 60), NOON)
    assert ask(health, NOON + 60).state is State.HALF_OPEN


def test_a_deadline_in_the_past_is_no_deadline(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.RATE_LIMITED, until=NOON), NOON)
    verdict = ask(health, NOON)
    assert (verdict.state, verdict.told) == (State.OPEN, False)


@pytest.mark.parametrize("told_first", [True, False])
def test_of_two_deadlines_the_later_one_holds(health: Health, told_first: bool) -> None:
    told = no(FailureClass.OVERLOADED, until=NOON + 60)
    guessed = no(FailureClass.BROKEN)
    for failure in (told, guessed) if told_first else (guessed, told):
        health.failed("p", "m", "k", failure, NOON)
    verdict = ask(health, NOON)
    assert (verdict.until, verdict.told, verdict.reason) == (NOON + 60, True, FailureClass.OVERLOADED)
    health.failed("p", "m", "k", no(FailureClass.OVERLOADED, until=NOON + 30), NOON + 1)
    assert ask(health, NOON + 1).until == NOON + 60


def test_guesses_double_to_fifteen_seconds_and_start_anew_after_a_success(health: Health) -> None:
    now, lengths = NOON, []
    for _ in range(6):
        health.failed("p", "m", "k", no(FailureClass.BROKEN), now)
        lengths.append(ask(health, now).until - now)
        now += lengths[-1]
    for length, full in zip(lengths, (2, 4, 8, 15, 15, 15), strict=True):
        assert 0.75 * full <= length <= full
    succeed(health, now + 1)
    health.failed("p", "m", "k", no(FailureClass.BROKEN), now + 2)
    assert ask(health, now + 2).until - (now + 2) <= 2


def test_five_quiet_minutes_forget_the_doubling(health: Health) -> None:
    for now in (NOON, NOON + 20, NOON + 40):
        health.failed("p", "m", "k", no(FailureClass.BROKEN), now)
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON + 400)
    assert ask(health, NOON + 400).until <= NOON + 402


def test_a_crowd_that_fails_together_doubles_once(health: Health) -> None:
    for _ in range(100):
        health.failed("p", "m", "k", no(FailureClass.OVERLOADED), NOON)
    assert ask(health, NOON).until <= NOON + 2


def test_the_guess_is_jittered() -> None:
    ends = set()
    for seed in range(20):
        health = Health(Random(seed))
        health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON)
        ends.add(ask(health, NOON).until)
    assert len(ends) == 20


def test_only_one_request_tries_what_is_half_open(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.UNREACHABLE), NOON)
    now = NOON + 2
    assert ask(health, now).may_ask
    probe = health.begin_probe("p", "m", "k", now)
    assert probe is not None
    assert health.begin_probe("p", "n", "l", now) is None, "the provider is tried once, not once a model"
    assert not ask(health, now).may_ask
    health.end_probe(probe)
    assert ask(health, now).may_ask, "a probe that a caller's fault ended proves nothing and blocks nobody"


def test_a_lost_probe_blocks_nobody_for_long(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON)
    lost = health.begin_probe("p", "m", "k", NOON + 2)
    assert lost is not None
    assert not ask(health, NOON + 6.9).may_ask
    assert ask(health, NOON + 7).may_ask
    second = health.begin_probe("p", "m", "k", NOON + 7)
    assert second is not None
    health.end_probe(lost)
    assert not ask(health, NOON + 7).may_ask, "the lost one's end does not end the second one's lease"


def test_a_failed_probe_opens_again_even_by_half_a_failure(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON)
    health.failed("p", "m", "k", no(FailureClass.SLOW), NOON + 3)
    verdict = ask(health, NOON + 3)
    assert verdict.state is State.OPEN
    assert verdict.until - (NOON + 3) > 2, "and for longer"


def test_the_first_content_lets_traffic_back_but_a_death_after_it_doubles_on(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON)
    health.answering("p", "m", "k", first_content=0.5, now=NOON + 3)
    assert ask(health, NOON + 3).state is State.CLOSED
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON + 4)
    assert ask(health, NOON + 4).until - (NOON + 4) > 2


def test_a_status_proves_that_the_provider_can_be_reached(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.UNREACHABLE), NOON)
    health.failed("p", "m", "k", no(FailureClass.BROKEN, status=500), NOON + 3)
    assert ask(health, NOON + 3).state is State.OPEN
    assert ask(health, NOON + 3, "n").state is State.CLOSED


def test_a_probe_waits_three_seconds_or_as_long_as_it_used_to_take(health: Health) -> None:
    assert health.probe_first_byte("p", "m", NOON) == 3
    for second in range(20):
        health.succeeded("p", "m", "k", first_content=0.4, characters=9, seconds=1, now=NOON + second)
    assert health.probe_first_byte("p", "m", NOON + 20) == 3
    for second in range(20, 60):
        health.succeeded("p", "m", "k", first_content=8, characters=9, seconds=9, now=NOON + second)
    healthy = health.probe_first_byte("p", "m", NOON + 60)
    assert 8 < healthy < 60
    for second in range(60, 70):
        health.failed("p", "m", "k", no(FailureClass.SLOW), NOON + second, waited=120)
    assert health.probe_first_byte("p", "m", NOON + 70) == pytest.approx(healthy, rel=0.05)


def test_of_the_sleeping_the_least_bad_is_a_short_guess_then_the_soonest_to_end(health: Health) -> None:
    health.failed("p", "short", "k", no(FailureClass.BROKEN), NOON)
    health.failed("p", "told", "k", no(FailureClass.RATE_LIMITED, until=NOON + 1), NOON)
    health.failed("p", "gone", "k", no(FailureClass.MODEL_GONE), NOON)
    health.failed("p", "spent", "k", no(FailureClass.QUOTA_SPENT, until=NOON + 900), NOON)
    names = ["gone", "spent", "told", "short", "healthy"]
    order = sorted(names, key=lambda model: ask(health, NOON, model).badness)
    assert order == ["healthy", "short", "told", "spent", "gone"]


def test_a_discovery_wakes_the_models_that_were_gone_and_nobody_else(health: Health) -> None:
    for provider in ("p", "q"):
        health.failed(provider, "m", "k", no(FailureClass.MODEL_GONE), NOON)
    health.failed("p", "n", "k", no(FailureClass.BROKEN), NOON)
    health.forget_gone(NOON + 1, "p")
    assert ask(health, NOON + 1).state is State.CLOSED
    assert ask(health, NOON + 1, "n").state is State.OPEN
    assert health.verdict("q", "m", ("k",), NOON + 1).state is State.OPEN
    health.forget_gone(NOON + 1)
    assert health.verdict("q", "m", ("k",), NOON + 1).state is State.CLOSED


def test_a_key_that_the_user_took_out_is_forgotten(health: Health) -> None:
    health.failed("p", "m", "old", no(FailureClass.BAD_KEY), NOON)
    health.failed("p", "m", "kept", no(FailureClass.BAD_KEY), NOON)
    health.retain_keys("p", {"kept", "new"}, NOON + 1)
    assert ask(health, NOON + 1, "m", "old").state is State.CLOSED
    assert ask(health, NOON + 1, "m", "kept").state is State.OPEN


def test_a_clock_that_is_set_back_leaves_nobody_asleep(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON)
    assert ask(health, NOON - 3600).state is State.HALF_OPEN
    succeed(health, NOON - 3599)
    assert ask(health, NOON - 3599).state is State.CLOSED
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON - 3598)
    assert ask(health, NOON - 3598).state is State.OPEN


def test_the_version_moves_with_what_may_change_a_choice_and_only_then(health: Health) -> None:
    before = health.version
    succeed(health, NOON)
    first = health.version
    assert first > before, "the first measurement replaces a guess"
    for second in range(1, 100):
        succeed(health, NOON + second)
    assert health.version == first, "the hundredth equal sample changes no plan"
    health.failed("p", "m", "k", no(FailureClass.OVERLOADED), NOON + 200)
    opened = health.version
    assert opened > first
    assert health.changes_at(NOON + 200) == ask(health, NOON + 200).until
    succeed(health, NOON + 210)
    assert health.version > opened
    assert health.changes_at(NOON + 210) == math.inf


def test_names_that_callers_invent_do_not_fill_the_memory(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.BAD_KEY), NOON - 1)
    for number in range(MOST * 5):
        health.failed("p", f"invented-{number}", "l", no(FailureClass.MODEL_GONE), NOON + number * 1e-3)
    kept = health.take()
    assert len(kept.circuits) <= MOST + 1
    assert len(kept.averages) <= MOST * 4
    assert ask(health, NOON).reason is FailureClass.BAD_KEY


def test_stats_keep_the_names_that_scripts_read(health: Health) -> None:
    succeed(health, NOON, took=2)
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON + 1)
    health.failed("p", "m", "k", no(FailureClass.BAD_KEY), NOON + 1)
    health.failed("p", "m", "k", no(FailureClass.UNREACHABLE), NOON + 1)
    rows = {row["key"]: row for row in health.stats(NOON + 1)}
    assert list(rows) == ["p/m", "p/*", "p/*#k"]
    model = rows["p/m"]
    assert (model["fail_count"], model["success_count"], model["failed_at"]) == (3, 1, NOON + 1)
    assert model["avg_latency_ms"] == pytest.approx(1000)
    assert 1 <= model["cooldown_seconds_remaining"] <= 2
    assert model["last_error"] == "unreachable: it said unreachable"
    assert rows["p/*#k"]["cooldown_seconds_remaining"] == DAY


def test_what_was_forgiven_stays_so_for_others_also_after_a_new_failure(health: Health) -> None:
    other = Health(Random(2))
    health.failed("p", "m", "k", no(FailureClass.RATE_LIMITED, until=NOON + 300), NOON)
    other.merge(health.take())
    succeed(health, NOON + 2)
    health.failed("p", "m", "k", no(FailureClass.RATE_LIMITED, until=NOON + 9), NOON + 3)
    other.merge(health.take())
    assert ask(other, NOON + 3).until == ask(health, NOON + 3).until == NOON + 9


def test_a_failure_in_the_moment_of_forgiving_counts(health: Health) -> None:
    health.failed("p", "m", "k", no(FailureClass.MODEL_GONE), NOON)
    health.forget_gone(NOON + 1)
    forgotten = health.take()
    health.put_back(forgotten)
    [forgiven] = forgotten.circuits
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON + 1)
    [failed] = health.take().circuits
    assert forgiven.merged(failed) == failed.merged(forgiven) == failed


def test_what_could_not_be_kept_is_handed_over_with_what_came_since(health: Health) -> None:
    succeed(health, NOON)
    health.failed("p", "m", "k", no(FailureClass.OVERLOADED, until=NOON + 60), NOON + 1)
    refused = health.take()
    succeed(health, NOON + 2, model="n")
    health.failed("p", "m", "k", no(FailureClass.BROKEN), NOON + 2)
    health.put_back(refused)
    kept = health.take()
    assert {row.model: (row.successes, row.failures) for row in kept.averages} == {"m": (1, 2), "n": (1, 0)}
    assert [(row.until, row.told) for row in kept.circuits] == [(NOON + 60, True)]
    assert not health.take()
