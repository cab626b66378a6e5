"""What was measured: recent samples count more, and how sure one can be is known too."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.routing.averages import Measured
from wallascli.routing.health import Health
from wallascli.store.rows import HALF_LIFE
from wallascli.vocab.failures import Failure, FailureClass

NOON = 1_795_521_600.0


@pytest.fixture
def health() -> Health:
    return Health(Random(1))


def measured(health: Health, now: float) -> Measured:
    found = health.measured("p", "m", now)
    assert found is not None
    return found


def answer(
    health: Health, now: float, *, first: float | None = 1.0, characters: int = 400, seconds: float = 3.0
) -> None:
    health.succeeded("p", "m", "k", first_content=first, characters=characters, seconds=seconds, now=now)


def fail(health: Health, now: float, kind: FailureClass, *, waited: float | None = None) -> None:
    health.failed("p", "m", "k", Failure(kind, "no"), now, waited=waited)


def test_nothing_is_known_of_whom_nobody_asked(health: Health) -> None:
    assert health.measured("p", "m", NOON) is None


def test_one_answer_measures_wait_speed_and_success(health: Health) -> None:
    answer(health, NOON)
    found = measured(health, NOON)
    assert (found.first_content, found.speed, found.success_rate) == (1.0, 200.0, 1.0)
    assert (found.waits, found.speaking, found.trials) == (1, 2, 1)


def test_an_answer_in_one_piece_says_nothing_about_first_content_or_speed(health: Health) -> None:
    answer(health, NOON, first=None)
    found = measured(health, NOON)
    assert (found.first_content, found.speed, found.success_rate) == (None, None, 1.0)


def test_the_weight_of_what_was_seen_halves_and_the_mean_stays(health: Health) -> None:
    for _ in range(8):
        answer(health, NOON)
    later = measured(health, NOON + 3 * HALF_LIFE)
    assert later.waits == pytest.approx(1)
    assert later.trials == pytest.approx(1)
    assert later.first_content == pytest.approx(1.0)


def test_a_candidate_that_got_better_is_believed_within_the_hour(health: Health) -> None:
    for second in range(50):
        answer(health, NOON + second, first=10, seconds=11)
    for minute in range(6):
        answer(health, NOON + 3600 + 60 * minute, first=0.5, seconds=1)
    found = measured(health, NOON + 4000)
    assert found.first_content is not None
    assert found.first_content < 7


def test_what_is_ten_hours_old_is_not_measured_any_more(health: Health) -> None:
    answer(health, NOON)
    assert measured(health, NOON + 20 * HALF_LIFE).first_content is None


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        (FailureClass.BROKEN, 1 / 2),
        (FailureClass.OVERLOADED, 1 / 2),
        (FailureClass.EMPTY, 2 / 3),
        (FailureClass.UNREACHABLE, 1.0),
        (FailureClass.RATE_LIMITED, 1.0),
        (FailureClass.QUOTA_SPENT, 1.0),
        (FailureClass.BAD_KEY, 1.0),
        (FailureClass.MODEL_GONE, 1.0),
        (FailureClass.CALLER_FAULT, 1.0),
    ],
    ids=lambda value: value.value if isinstance(value, FailureClass) else "",
)
def test_only_the_models_own_failures_lower_its_success_rate(
    health: Health, kind: FailureClass, rate: float
) -> None:
    answer(health, NOON)
    fail(health, NOON, kind)
    assert measured(health, NOON).success_rate == pytest.approx(rate)


def test_a_deadline_of_ours_is_a_latency_sample(health: Health) -> None:
    answer(health, NOON, first=2)
    fail(health, NOON, FailureClass.SLOW, waited=12)
    found = measured(health, NOON)
    assert found.first_content == 7
    assert found.success_rate == pytest.approx(2 / 3)


def test_a_stall_in_the_middle_is_no_sample_of_the_first_content(health: Health) -> None:
    answer(health, NOON, first=2)
    fail(health, NOON, FailureClass.SLOW)
    assert measured(health, NOON).first_content == 2


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_broken_clock_measures_nothing(health: Health, seconds: float) -> None:
    answer(health, NOON, first=seconds, seconds=seconds)
    found = measured(health, NOON)
    assert (found.first_content, found.speed) == (None, None)


@given(st.integers(0, 2**32), st.floats(-2, 3), st.floats(0.1, 1))
def test_the_95th_percentile_is_about_right_for_waits_as_they_are(seed: int, mu: float, sigma: float) -> None:
    random, health = Random(seed), Health(Random(0))
    waits = sorted(random.lognormvariate(mu, sigma) for _ in range(400))
    for wait in random.sample(waits, len(waits)):
        answer(health, NOON, first=wait, seconds=wait + 1)
    estimate = measured(health, NOON).first_content_p95
    assert estimate is not None
    assert waits[360] * 0.8 <= estimate <= waits[392] * 1.25


def test_a_single_wait_leaves_room_for_the_next(health: Health) -> None:
    answer(health, NOON, first=2)
    estimate = measured(health, NOON).first_content_p95
    assert estimate is not None
    assert 3 < estimate < 5
