"""What is remembered about providers beyond one process, and how two memories of it become one.

Circuits are states: merging keeps the later deadline and is safe to repeat. Averages are decaying sums, so
what two processes saw adds up in any order. Both hold wall-clock epoch seconds, as several processes share
them, and keys only as fingerprints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wallascli.vocab.failures import FailureClass

# Free tiers change their mood within the hour: long enough to keep a handful of samples of somebody who
# asks every few minutes, short enough that a slow morning is forgotten by noon.
HALF_LIFE = 30 * 60.0


@dataclass(frozen=True, slots=True)
class CircuitRow:
    """One cooldown. No ``model``: the whole provider (or key). No ``key``: whatever the key."""

    provider: str
    model: str = ""
    key: str = ""
    until: float = 0.0
    """When it ends; 0 while it is closed. It stays set after its end, until a success."""
    told: bool = False
    """The provider named the deadline (``Retry-After``, a reset header); otherwise it is our guess."""
    kind: FailureClass = FailureClass.UNKNOWN
    """The class of failure that set the deadline."""
    failed_at: float = 0.0
    cleared_at: float = 0.0
    """Failures up to this moment are forgiven: a request that began then succeeded."""
    strikes: float = 0.0
    """Half failures since the last success, while closed."""
    step: int = 0
    """Guessed cooldowns since the last success: how often the next one has doubled."""
    message: str = ""

    def merged(self, other: CircuitRow) -> CircuitRow:
        """The two memories as one: forgiven failures fall away, of the rest the later deadline holds."""
        cleared = max(self.cleared_at, other.cleared_at)
        live = [row for row in (self, other) if row.failed_at > cleared]
        if not live:
            return max(self, other, key=_most_forgiven)
        return replace(
            max(live, key=_longest_held),
            cleared_at=cleared,
            failed_at=max(row.failed_at for row in live),
            strikes=max(row.strikes for row in live),
            step=max(row.step for row in live),
        )


def _most_forgiven(row: CircuitRow) -> tuple[float, int, float, float, str, str]:
    return (row.cleared_at, -row.step, -row.strikes, row.failed_at, row.kind.value, row.message)


def _longest_held(row: CircuitRow) -> tuple[float, bool, float, str, str]:
    return (row.until, row.told, row.failed_at, row.kind.value, row.message)


@dataclass(slots=True)
class AverageRow:
    """Decaying sums over what one model at one provider did; see ``HALF_LIFE``. Counts do not decay."""

    provider: str
    model: str
    at: float = 0.0
    """The moment that the decaying sums below refer to."""
    successes: int = 0
    failures: int = 0
    good: float = 0.0
    bad: float = 0.0
    waits: float = 0.0
    """How many waits for the first content, those that our deadline ended included."""
    waited: float = 0.0
    answers: float = 0.0
    """How many waits that ended with content; the two sums below are of the logarithm of their seconds."""
    logs: float = 0.0
    log_squares: float = 0.0
    characters: float = 0.0
    speaking: float = 0.0
    """Seconds between the first content and the end."""
    succeeded_at: float = 0.0
    failed_at: float = 0.0
    last_error: str = ""

    def age(self, now: float) -> None:
        """Let time pass. A clock that went back ages nothing."""
        if now <= self.at:
            return
        kept = 0.5 ** ((now - self.at) / HALF_LIFE)
        self.at = now
        self.good *= kept
        self.bad *= kept
        self.waits *= kept
        self.waited *= kept
        self.answers *= kept
        self.logs *= kept
        self.log_squares *= kept
        self.characters *= kept
        self.speaking *= kept

    def add(self, other: AverageRow) -> None:
        """Take in what somebody else saw of the same candidate. ``other`` stays as it is."""
        theirs = replace(other)
        theirs.age(self.at)
        self.age(theirs.at)
        self.successes += theirs.successes
        self.failures += theirs.failures
        self.good += theirs.good
        self.bad += theirs.bad
        self.waits += theirs.waits
        self.waited += theirs.waited
        self.answers += theirs.answers
        self.logs += theirs.logs
        self.log_squares += theirs.log_squares
        self.characters += theirs.characters
        self.speaking += theirs.speaking
        self.succeeded_at = max(self.succeeded_at, theirs.succeeded_at)
        if theirs.failed_at > self.failed_at:
            self.failed_at, self.last_error = theirs.failed_at, theirs.last_error


@dataclass(frozen=True, slots=True)
class Memory:
    """Rows on their way between a process and the store: to it, circuits and *additions* to the averages;
    from it, circuits and whole averages."""

    circuits: Sequence[CircuitRow] = ()
    averages: Sequence[AverageRow] = ()

    def __bool__(self) -> bool:
        return bool(self.circuits or self.averages)


NOTHING = Memory()
