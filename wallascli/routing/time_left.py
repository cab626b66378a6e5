"""What is left of a request's time, and which deadline is meant when something takes too long (P8)."""

from __future__ import annotations

import time

from wallascli.vocab.deadlines import Deadlines

# After the finish reason only usage and the end mark can come: worth a short wait, not a deadline.
TAIL = 2.0
AFTER_END_MARK = 0.25
# uvloop's timers count whole milliseconds of a clock read once a round: a deadline may fire that much too early.
_EARLY = 0.01


class TimeLeft:
    """``total`` binds until the first content is sent, the caller's own ``deadline`` always. All in seconds."""

    __slots__ = ("_began", "_deadline", "_total")

    def __init__(self, total: float, deadline: float | None) -> None:
        self._began = time.monotonic()
        self._total: float | None = total
        self._deadline = deadline

    def commit(self) -> None:
        """The first content is sent."""
        self._total = None

    @property
    def seconds(self) -> float:
        limits = [limit for limit in (self._total, self._deadline) if limit is not None]
        return min(limits, default=float("inf")) - (time.monotonic() - self._began)

    @property
    def is_limited(self) -> bool:
        """Whether anything but silence can end it now."""
        return self._total is not None or self._deadline is not None

    @property
    def is_over(self) -> bool:
        return self.seconds <= _EARLY

    def bound(self, seconds: float, why: str) -> tuple[float, str]:
        """``seconds`` for the reason ``why``, or what is left for the whole if that is less."""
        left = self.seconds
        return (seconds, why) if seconds < left else (left, self._why())

    def all(self) -> tuple[float, str]:
        return self.seconds, self._why()

    def _why(self) -> str:
        total, deadline = self._total, self._deadline
        if deadline is not None and (total is None or deadline <= total):
            return f"the deadline of {deadline:g} s is over (X-Wallas-Deadline)"
        return f"no answer within {total or 0:g} s (total)"


def first_byte(limits: Deadlines, *, last: bool, probe: float | None) -> tuple[float, str]:
    """How long a stream may take to its first piece of an answer; ``probe``: of a candidate that is tried out."""
    if probe is not None and not last:
        return probe, f"no piece of an answer within {probe:.1f} s (first_byte, tried after a failure)"
    seconds, name = (limits.first_byte_last, "first_byte_last") if last else (limits.first_byte, "first_byte")
    return seconds, f"no piece of an answer within {seconds:g} s ({name})"


def idle(limits: Deadlines, *, last: bool) -> tuple[float, str]:
    """How long a stream may be silent between two pieces."""
    seconds, name = (limits.idle_last, "idle_last") if last else (limits.idle, "idle")
    return seconds, f"the answer stalled for {seconds:g} s ({name})"
