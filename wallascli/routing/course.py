"""Who is asked next, after what happened so far: the policy of the failure classes, and nothing else.

No I/O and no clock: time is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from wallascli.routing.candidate import Candidate
from wallascli.routing.cooling import Probe
from wallascli.vocab.failures import Attempt, Failure, FailureClass, Next, Retry
from wallascli.vocab.secret import Secret

# A 429 that says "up to 3 s" for a model the caller named is waited out once (design 3.1): cheaper than a switch.
PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to ask a candidate now, with these keys in this order; none: not now.

    ``probe`` is the right to try what is half-open, alone; its first content is due after ``first_byte`` seconds.
    """

    keys: tuple[Secret | None, ...] = ()
    probe: Probe | None = None
    first_byte: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One call to make. ``wait`` seconds first; ``last`` when nobody else is left to ask after it."""

    candidate: Candidate
    key: Secret | None
    last: bool
    wait: float = 0.0
    permit: Permit = field(default_factory=Permit)


class Course:
    """Walks the candidates of a plan in order. ``permit`` says whether, and how, one may be asked now."""

    def __init__(self, candidates: Sequence[Candidate], permit: Callable[[Candidate], Permit]) -> None:
        self._queue = list(candidates)
        self._ask_permit = permit
        self._permit = Permit()
        self._keys: list[Secret | None] = []
        self._current: Candidate | None = None
        self._again: Turn | None = None
        self._retried: set[str] = set()
        self._waited: set[str] = set()
        self._caller_faults: list[Attempt] = []
        self._stopped = False
        self.attempts: list[Attempt] = []

    def turns(self) -> Iterator[Turn]:
        """The next call to make, until an answer comes or nobody is left. Tell ``failed`` before asking on."""
        while (turn := self._next()) is not None:
            yield turn

    def stop(self) -> None:
        self._stopped = True

    @property
    def others_left(self) -> bool:
        return bool(self._queue)

    def _next(self) -> Turn | None:
        if self._stopped:
            return None
        if self._again is not None:
            turn, self._again = self._again, None
            return turn
        while not self._keys:
            if not self._queue:
                return None
            self._current = self._queue.pop(0)
            self._permit = self._ask_permit(self._current)
            self._keys = list(self._permit.keys)
        assert self._current is not None
        last = all(candidate.last_resort for candidate in self._queue)
        return Turn(self._current, self._keys.pop(0), last, permit=self._permit)

    def failed(self, turn: Turn, failure: Failure, seconds: float, now: float) -> None:
        """Judge what the failure permits. ``now`` in wall-clock epoch seconds."""
        candidate = turn.candidate
        self.attempts.append(Attempt(candidate.provider.name, candidate.card.id, failure, seconds))
        policy = failure.kind.policy
        if policy.retry is not Retry.NEXT_KEY:
            self._keys = []
        if self._asks_again(turn, failure, now):
            return
        match policy.next:
            case Next.NO:
                self._stopped = True
            case Next.LARGER_WINDOW:
                window = failure.context_window or candidate.card.context
                self._queue = [c for c in self._queue if c.card.context is None or c.card.context > (window or 0)]
            case Next.ONE_OTHER_PROVIDER:
                self._ask_one_other(candidate)
            case Next.YES:
                pass

    def _asks_again(self, turn: Turn, failure: Failure, now: float) -> bool:
        candidate = turn.candidate
        if failure.kind is FailureClass.BROKEN and candidate.retries and candidate.name not in self._retried:
            self._retried.add(candidate.name)
            self._again = replace(turn, wait=0.0)
            return True
        if failure.kind is not FailureClass.RATE_LIMITED or not candidate.named or self._keys:
            return False
        wait = (failure.until or now + PATIENCE + 1) - now
        if wait > PATIENCE or candidate.name in self._waited:
            return False
        self._waited.add(candidate.name)
        self._again = replace(turn, wait=max(0.0, wait))
        return True

    def _ask_one_other(self, candidate: Candidate) -> None:
        """The first says that the caller is at fault: one other provider is heard, then it is settled."""
        self._caller_faults.append(self.attempts[-1])
        if len({attempt.provider for attempt in self._caller_faults}) > 1:
            self._stopped = True
            return
        others = [c for c in self._queue if c.provider.name != candidate.provider.name]
        self._queue = others[:1]
