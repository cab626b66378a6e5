"""Two memories become one: whatever the order, and however often."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallascli.store.rows import HALF_LIFE, AverageRow, CircuitRow
from wallascli.vocab.failures import FailureClass

TIMES = st.integers(1, 40).map(float)


@st.composite
def circuits(draw: st.DrawFn, *, live: bool | None = None) -> CircuitRow:
    """As they come out of a circuit's life: open and unforgiven, or forgiven and closed."""
    failed_at = draw(TIMES)
    live = draw(st.booleans()) if live is None else live
    return CircuitRow(
        "p",
        "m",
        until=failed_at + draw(st.integers(1, 30)) if live else 0.0,
        told=live and draw(st.booleans()),
        kind=draw(st.sampled_from(FailureClass)),
        failed_at=failed_at,
        cleared_at=failed_at - draw(st.integers(1, 20)) if live else failed_at + draw(st.integers(0, 20)),
        strikes=draw(st.sampled_from([0.0, 0.5, 1.0])),
        step=draw(st.integers(0, 4)),
        message=draw(st.sampled_from(["a", "b"])),
    )


@settings(max_examples=1000)  # ties are what goes wrong, and ties are rare
@given(circuits(), circuits())
def test_it_does_not_matter_who_brings_it_first(one: CircuitRow, other: CircuitRow) -> None:
    assert one.merged(other) == other.merged(one)


@settings(max_examples=1000)  # ties are what goes wrong, and ties are rare
@given(circuits(), circuits())
def test_bringing_it_again_changes_nothing(one: CircuitRow, other: CircuitRow) -> None:
    both = one.merged(other)
    assert one.merged(one) == one
    assert both.merged(one) == one.merged(both) == both


@settings(max_examples=1000)  # ties are what goes wrong, and ties are rare
@given(circuits(), circuits())
def test_the_later_deadline_of_those_not_forgiven_holds(one: CircuitRow, other: CircuitRow) -> None:
    both = one.merged(other)
    live = [row for row in (one, other) if row.failed_at > max(one.cleared_at, other.cleared_at)]
    assert both.until == max((row.until for row in live), default=0.0)
    assert both.cleared_at == max(one.cleared_at, other.cleared_at)


@settings(max_examples=1000)  # ties are what goes wrong, and ties are rare
@given(circuits(live=True), circuits(live=False))
def test_a_success_elsewhere_closes_what_failed_before_it(one: CircuitRow, other: CircuitRow) -> None:
    closed = one.merged(other).until == 0
    assert closed == (other.cleared_at >= one.failed_at)


NUMBERS = st.floats(0, 1000).map(lambda value: round(value, 3))


@st.composite
def averages(draw: st.DrawFn) -> AverageRow:
    return AverageRow(
        "p",
        "m",
        draw(st.floats(0, 5 * HALF_LIFE)),
        successes=draw(st.integers(0, 99)),
        failures=draw(st.integers(0, 99)),
        good=draw(NUMBERS),
        bad=draw(NUMBERS),
        waits=draw(NUMBERS),
        waited=draw(NUMBERS),
        answers=draw(NUMBERS),
        logs=draw(NUMBERS),
        log_squares=draw(NUMBERS),
        characters=draw(NUMBERS),
        speaking=draw(NUMBERS),
    )


def sums_of(row: AverageRow) -> list[float]:
    sums = [row.good, row.bad, row.waits, row.waited, row.answers, row.logs, row.log_squares]
    return [row.successes, row.failures, *sums, row.characters, row.speaking]


@given(averages(), averages(), averages())
def test_averages_add_up_in_any_order(one: AverageRow, two: AverageRow, three: AverageRow) -> None:
    forth, back = replace(one), replace(three)
    forth.add(two)
    forth.add(three)
    back.add(two)
    back.add(one)
    assert sums_of(forth) == pytest.approx(sums_of(back), rel=1e-6, abs=1e-6)
    assert forth.at == back.at


@given(averages(), averages())
def test_adding_leaves_what_was_added_alone(one: AverageRow, two: AverageRow) -> None:
    before = replace(two)
    one.add(two)
    assert two == before


def test_the_mean_of_two_processes_is_weighted_by_their_samples() -> None:
    many = AverageRow("p", "m", 100, waits=9, waited=9 * 1.0)
    few = AverageRow("p", "m", 100, waits=1, waited=11.0)
    many.add(few)
    assert many.waited / many.waits == pytest.approx(2.0)
