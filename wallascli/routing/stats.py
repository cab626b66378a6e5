"""What ``/v1/stats`` shows of health: one row for each candidate asked, and for each key or provider asleep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypedDict

from wallascli.routing.averages import measure
from wallascli.routing.circuit import State
from wallascli.routing.cooling import Cooling, Verdict, scope
from wallascli.store.rows import AverageRow, CircuitRow
from wallascli.vocab.failures import Cools


class StatsRow(TypedDict):
    """The first seven are the original's names, scripts read them. Times are epoch seconds."""

    key: str
    """``provider/model``; ``provider/*`` is the provider as a whole, ``#…`` ends with a key's fingerprint."""
    fail_count: int
    success_count: int
    avg_latency_ms: float | None
    """To the first content."""
    failed_at: float | None
    cooldown_seconds_remaining: float
    last_error: str | None
    state: str
    told: bool
    """The provider named the end of the cooldown."""
    reason: str | None
    p95_latency_ms: float | None
    characters_per_second: float | None
    success_rate: float | None
    samples: float
    """Effective number of attempts behind the rates; it halves every 30 minutes."""
    succeeded_at: float | None


def stats_rows(totals: Iterable[AverageRow], cooling: Cooling, now: float) -> list[StatsRow]:
    """Every candidate with a past, then what sleeps beside them, each sorted by key."""
    averages = {(row.provider, row.model): row for row in totals}
    circuits = [row for row in cooling.select() if cooling.subject_verdict(row, now).state is not State.CLOSED]
    for row in circuits:
        if scope(row) in (Cools.CANDIDATE, Cools.MODEL):
            averages.setdefault((row.provider, row.model), AverageRow(row.provider, row.model, now))
    candidates = [
        _row(f"{provider}/{model}", average, cooling.verdict(provider, model, (), now), now)
        for (provider, model), average in averages.items()
    ]
    wider = [
        _row(_name(row), _bare(row), cooling.subject_verdict(row, now), now)
        for row in circuits
        if scope(row) not in (Cools.CANDIDATE, Cools.MODEL)
    ]
    return sorted(candidates, key=_by_key) + sorted(wider, key=_by_key)


def _by_key(row: StatsRow) -> str:
    return row["key"]


def _name(row: CircuitRow) -> str:
    return f"{row.provider}/{row.model or '*'}" + (f"#{row.key}" if row.key else "")


def _bare(row: CircuitRow) -> AverageRow:
    return AverageRow(row.provider, row.model, failed_at=row.failed_at, last_error=row.message)


def _row(key: str, average: AverageRow, verdict: Verdict, now: float) -> StatsRow:
    measured = measure(replace(average), now)
    return StatsRow(
        key=key,
        fail_count=average.failures,
        success_count=average.successes,
        avg_latency_ms=_milliseconds(measured.first_content),
        failed_at=average.failed_at or None,
        cooldown_seconds_remaining=round(max(0.0, verdict.until - now), 1) if verdict.until else 0.0,
        last_error=average.last_error or None,
        state=verdict.state.value,
        told=verdict.told,
        reason=verdict.reason.value if verdict.reason else None,
        p95_latency_ms=_milliseconds(measured.first_content_p95),
        characters_per_second=_rounded(measured.speed),
        success_rate=_rounded(measured.success_rate),
        samples=round(measured.trials, 2),
        succeeded_at=average.succeeded_at or None,
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
