"""The life of one circuit, as pure functions on its row: closed -> open -> half-open -> closed.

A full failure opens it at once, three half failures in a row do. Open ends at a deadline: *told* by the
provider, or guessed: 2 s, doubling to at most 15 s, a little less by jitter. Then one request at a time may
try; a failure opens it again for longer, content closes it, a whole answer forgets the doubling.
A failure says nothing about what began after it, and a success only forgives what was before it began.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from random import Random

from wallascli.store.rows import CircuitRow
from wallascli.vocab.failures import Cools, Failure, FailureClass

FIRST = 2.0  # seconds; a restarted server or a lost race for capacity is usually back by then
LONGEST = 15.0  # seconds; with the gap to the next request, the longest anybody waits for a recovered one
JITTER = 0.25  # the share of a guess that chance may take away, so that processes do not probe in step
OPENS = 1.5  # the weight of three half failures
FORGET = 300.0  # seconds without a failure after which strikes and doublings count no more
SLACK = 0.05  # seconds; start times are reckoned back from durations and clocks drift

DAY = 86_400.0
MESSAGE = 300  # characters of an error worth keeping

_DOUBLINGS = math.ceil(math.log2(LONGEST / FIRST))

# Guesses that no ladder fits: what ends them is a person, a calendar or a listing, not a server's recovery.
LONG: dict[FailureClass, Callable[[float], float]] = {
    FailureClass.BAD_KEY: lambda now: now + DAY,  # a person changes it; asked again now and then anyway
    FailureClass.NO_CREDIT: lambda now: now + DAY,
    FailureClass.QUOTA_SPENT: lambda now: (now // DAY + 1) * DAY,  # midnight UTC
    FailureClass.MODEL_GONE: lambda now: now + 6 * 3600.0,  # discovery runs every six hours
}


class State(Enum):
    """Whether a candidate may be asked: yes; no; by one request at a time, to find out."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


def state(row: CircuitRow, now: float) -> State:
    """Where a circuit stands."""
    if row.until <= 0:
        return State.CLOSED
    if runs(row, now):
        return State.OPEN
    # A limit whose end the provider named needs no proof; a server's "back in 60 s" is a hope.
    if row.told and row.kind.policy.cools in (Cools.KEY, Cools.KEY_MODEL):
        return State.CLOSED
    return State.HALF_OPEN


def runs(row: CircuitRow, now: float) -> bool:
    """Whether its deadline is still ahead. A short guess further away means that the clock was set back."""
    return now < row.until and (row.until - now <= LONGEST or row.told or row.kind in LONG)


def failed(row: CircuitRow, failure: Failure, now: float, random: Random) -> CircuitRow:
    """The circuit after one more failure that it is to blame for."""
    fresh = abs(now - row.failed_at) > FORGET
    strikes = failure.kind.policy.weight + (0.0 if fresh else row.strikes)
    told = failure.until is not None and failure.until > now
    row = replace(
        row,
        failed_at=max(now, math.nextafter(row.cleared_at, math.inf)),
        strikes=strikes,
        step=0 if fresh else row.step,
    )
    half = failure.kind.policy.weight == 0.5
    if half and not told and row.until <= 0 and strikes < OPENS:
        return replace(row, kind=failure.kind, message=failure.message[:MESSAGE])
    return _opened(row, failure, now, random)


def answered(row: CircuitRow, started: float, now: float) -> CircuitRow:
    """The circuit after the first content of a request that began at ``started``: closed, not yet trusted."""
    if row.until <= 0 or not _forgives(row, started, now):
        return row
    return replace(row, until=0.0, told=False, cleared_at=max(started, row.failed_at))


def succeeded(row: CircuitRow, started: float, now: float) -> CircuitRow:
    """The circuit after a whole answer to a request that began at ``started``: as good as new."""
    if not _forgives(row, started, now):
        return row
    return forgiven(row, started)


def forgiven(row: CircuitRow, at: float) -> CircuitRow:
    """The circuit without its past up to ``at``."""
    return replace(row, until=0.0, told=False, strikes=0.0, step=0, cleared_at=max(at, row.failed_at))


def is_spotless(row: CircuitRow) -> bool:
    """Whether there is nothing in it to remember, but that it was forgiven."""
    return row.until <= 0 and row.strikes <= 0 and row.step == 0


def _forgives(row: CircuitRow, started: float, now: float) -> bool:
    return row.failed_at <= started + SLACK or row.failed_at > now + SLACK  # the latter: clock set back


def _opened(row: CircuitRow, failure: Failure, now: float, random: Random) -> CircuitRow:
    step, told = row.step, False
    running = runs(row, now)
    if failure.until is not None and failure.until > now:
        until, told = failure.until, True
    elif failure.kind in LONG:
        until = LONG[failure.kind](now)
    else:
        # Failures of requests that were already on their way when it opened are no new evidence: the
        # deadline moves with them, the doubling does not.
        step = max(step, 1) if running else min(step + 1, _DOUBLINGS + 1)
        until = now + min(LONGEST, FIRST * 2.0 ** (step - 1)) * (1 - JITTER * random.random())
    row = replace(row, strikes=0.0, step=step)
    if running and row.until >= until:
        return row
    return replace(row, until=until, told=told, kind=failure.kind, message=failure.message[:MESSAGE])
