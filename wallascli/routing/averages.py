"""What was measured of each candidate: time to the first content, speed, success. Recent samples count more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wallascli.store.rows import AverageRow

MOST = 4_096  # candidates remembered: callers name models at will
MOVED = 0.2  # a share by which a mean must move before plans made with it are old
LEAST = 1e-6  # the weight of a sample ten hours old; below, a mean is history

# The spread of waits where few were seen: a standard deviation of half an e-fold, with the weight of two
# samples, so that the 95th percentile of a single wait of 2 s is 3.9 s and not 2 s.
_SPREAD, _SPREAD_WEIGHT = 0.25, 2.0
_Z95 = 1.645


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one candidate now. ``None``: never measured. The three weights are effective numbers
    of samples: they halve every ``HALF_LIFE``, so that trust fades and the candidate is tried again."""

    first_content: float | None
    """Mean seconds to the first content; where our deadline ended the wait, the deadline."""
    first_content_p95: float | None
    """Of the waits that ended with content."""
    speed: float | None
    """Characters a second, from the first content to the end."""
    success_rate: float | None
    waits: float
    speaking: float
    """The weight behind ``speed``, in seconds of output."""
    trials: float


class Average:
    """The sums of one candidate: all that is known, and what of it the store has not seen."""

    __slots__ = ("_shown", "total", "unsaved")

    def __init__(self, provider: str, model: str) -> None:
        self.total = AverageRow(provider, model)
        self.unsaved: AverageRow | None = None
        self._shown: tuple[float, ...] = ()

    def touched(self, now: float) -> tuple[AverageRow, AverageRow]:
        """Both rows, aged to ``now``, for a sample that goes into each.

        To the second: a half-life of 1,800 is 0.04 % off for it, and every answer would pay two powers.
        """
        total, unsaved = self.total, self.unsaved
        if now - total.at >= 1.0:
            total.age(now)
        if unsaved is None:
            unsaved = self.unsaved = AverageRow(total.provider, total.model, total.at)
        elif unsaved.at < total.at:
            unsaved.age(total.at)
        return total, unsaved

    def moved(self) -> bool:
        """Whether a mean stands elsewhere than when this was last true: a plan made then is old."""
        total = self.total
        means = (
            total.waited / total.waits if total.waits > LEAST else 0.0,
            total.characters / total.speaking if total.speaking > LEAST else 0.0,
            total.good / (total.good + total.bad) if total.good + total.bad > LEAST else 0.0,
        )
        shown = self._shown
        if shown and all(abs(a - b) <= MOVED * max(a, b) for a, b in zip(means, shown, strict=True)):
            return False
        self._shown = means
        return True


class Averages:
    """All candidates that were ever asked, up to ``MOST``."""

    __slots__ = ("_all", "_unsaved")

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Average] = {}
        self._unsaved: set[tuple[str, str]] = set()

    def of(self, provider: str, model: str) -> Average:
        """The sums to add to; the caller does add."""
        key = (provider, model)
        self._unsaved.add(key)
        found = self._all.get(key)
        if found is None:
            if len(self._all) >= MOST:
                self._forget_the_stalest()
            found = self._all[key] = Average(provider, model)
        return found

    def measured(self, provider: str, model: str, now: float) -> Measured | None:
        """What is known of one candidate, ``None`` if it was never asked."""
        found = self._all.get((provider, model))
        if found is None:
            return None
        return measure(found.total, now)

    def totals(self) -> Iterator[AverageRow]:
        return (average.total for average in self._all.values())

    def take(self) -> list[AverageRow]:
        """What the store has not seen. The rows are the taker's."""
        taken = []
        for key in self._unsaved:
            average = self._all.get(key)
            if average is not None and average.unsaved is not None:
                taken.append(average.unsaved)
                average.unsaved = None
        self._unsaved.clear()
        return taken

    def put_back(self, rows: Iterable[AverageRow]) -> None:
        """What was taken could not be kept. It is in the totals still."""
        for row in rows:
            average = self.of(row.provider, row.model)
            if average.unsaved is not None:
                row.add(average.unsaved)
            average.unsaved = row

    def merge(self, rows: Iterable[AverageRow]) -> bool:
        """Totals from the store, to which our unsaved samples are added. True if a mean moved."""
        moved = False
        for row in rows:
            key = (row.provider, row.model)
            average = self._all.get(key)
            if average is None:
                if len(self._all) >= MOST:
                    continue
                average = self._all[key] = Average(row.provider, row.model)
            if average.unsaved is not None:
                row.add(average.unsaved)
            average.total = row
            moved = average.moved() or moved
        return moved

    def _forget_the_stalest(self) -> None:
        for key in sorted(self._all, key=lambda key: self._all[key].total.at)[: MOST // 4]:
            del self._all[key]


def measure(row: AverageRow, now: float) -> Measured:
    """The means behind the sums, after letting time pass over them."""
    row.age(now)
    trials = row.good + row.bad
    return Measured(
        first_content=row.waited / row.waits if row.waits > LEAST else None,
        first_content_p95=_p95(row) if row.answers > LEAST else None,
        speed=row.characters / row.speaking if row.speaking > LEAST else None,
        success_rate=row.good / trials if trials > LEAST else None,
        waits=row.waits,
        speaking=row.speaking,
        trials=trials,
    )


def _p95(row: AverageRow) -> float:
    """Waits are roughly log-normal: never negative, with a long tail to the right."""
    mean = row.logs / row.answers
    variance = max(0.0, row.log_squares / row.answers - mean * mean)
    spread = (variance * row.answers + _SPREAD * _SPREAD_WEIGHT) / (row.answers + _SPREAD_WEIGHT)
    return math.exp(mean + _Z95 * math.sqrt(spread))


def note_wait(rows: Iterable[AverageRow], seconds: float, *, answered: bool) -> None:
    """A wait for the first content. Without an answer it lasted as long as we let it."""
    if not 0 < seconds < math.inf:
        return
    log = math.log(max(seconds, 1e-3))
    for row in rows:
        row.waits += 1
        row.waited += seconds
        if answered:
            row.answers += 1
            row.logs += log
            row.log_squares += log * log


def note_end(rows: Iterable[AverageRow], characters: int, speaking: float, now: float) -> None:
    """A whole answer. ``speaking``: seconds from its first content to its end, 0 where that says nothing."""
    for row in rows:
        row.successes += 1
        row.good += 1
        row.succeeded_at = now
        if 0.05 < speaking < math.inf:
            row.characters += characters
            row.speaking += speaking


def note_failure(rows: Iterable[AverageRow], weight: float, error: str, now: float) -> None:
    """A failure, of which the candidate bears ``weight``."""
    for row in rows:
        row.failures += 1
        row.bad += weight
        row.failed_at = now
        row.last_error = error
