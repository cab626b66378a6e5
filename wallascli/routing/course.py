"""Who is asked next, after what happened so far: the policy of the failure classes, and nothing else.

No I/O and no clock: time is an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from wallascli.routing.candidate import Candidate, Refused
from wallascli.routing.cooling import Probe
from wallascli.vocab.failures import Attempt, Cools, Failure, FailureClass, Next, Retry
from wallascli.vocab.secret import Secret

# A 429 that says "up to 3 s" for a model the caller named is waited out once (design 3.1): cheaper than a switch.
PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to ask a candidate now, with these keys in this order; none: not now, or (``refused``) not at all.

    ``probe`` is the right to try what is half-open, alone; its first content is due after ``first_byte`` seconds.
    ``wait``: seconds until a limit ends that is worth waiting for. ``asleep``: what sleeps, where more than this
    model sleeps with it: one try of it is enough.
    """

    keys: tuple[Secret | None, ...] = ()
    probe: Probe | None = None
    first_byte: float | None = None
    refused: Refused | None = None
    wait: float = 0.0
    asleep: tuple[str, Cools] | None = None


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
        self._wait = 0.0
        self._keys: list[Secret | None] = []
        self._current: Candidate | None = None
        self._again: Turn | None = None
        self._retried: Counter[str] = Counter()
        self._waited: set[str] = set()
        self._soonest: tuple[float, Turn] | None = None
        self._blaming: set[str] = set()
        self._tried_asleep: set[tuple[str, Cools]] = set()
        self._useless: set[tuple[str, str]] = set()
        self._stopped = False
        self.attempts: list[Attempt] = []
        self.refused: list[Refused] = []
        """Those of the plan whose quota was spent by others since it was made."""

    def turns(self) -> Iterator[Turn]:
        """The next call to make, until an answer comes or nobody is left. Tell ``failed`` before asking on."""
        while (turn := self._next()) is not None:
            yield turn

    def _next(self) -> Turn | None:
        if self._stopped:
            return None
        if self._again is not None:
            turn, self._again = self._again, None
            return turn
        while not self._keys:
            if not self._queue:
                return None
            self._begin(self._queue.pop(0))
        assert self._current is not None
        last = all(candidate.last_resort for candidate in self._queue)
        wait, self._wait = self._wait, 0.0
        return Turn(self._current, self._keys.pop(0), last, wait, self._permit)

    def _begin(self, candidate: Candidate) -> None:
        self._current, self._soonest = candidate, None
        self._permit = permit = self._ask_permit(candidate)
        if permit.asleep in self._tried_asleep:
            return
        if permit.asleep is not None and permit.keys:
            self._tried_asleep.add(permit.asleep)
        # Who holds a probe must ask: only a turn gives it back.
        self._keys = list(permit.keys) if permit.probe else self._useful(candidate, permit.keys)
        self._wait = permit.wait
        if self._permit.refused is not None:
            self.refused.append(self._permit.refused)
        elif not permit.keys and not candidate.last_resort:
            # Asleep since the plan was made: still better than nobody (P1).
            self._queue.append(replace(candidate, last_resort=True))

    def _useful(self, candidate: Candidate, keys: Sequence[Secret | None]) -> list[Secret | None]:
        """Without the keys that this request has already seen rejected, whatever the model."""
        provider = candidate.provider.name
        return [key for key in keys if key is None or (provider, key.fingerprint) not in self._useless]

    def failed(self, turn: Turn, failure: Failure, seconds: float, now: float) -> None:
        """Judge what the failure permits. ``now`` in wall-clock epoch seconds."""
        candidate = turn.candidate
        self.attempts.append(Attempt(candidate.provider.name, candidate.card.id, failure, seconds))
        policy = failure.kind.policy
        if policy.retry is not Retry.NEXT_KEY:
            self._keys = []
        self._spare_the_same(turn, policy.cools)
        if self._asks_again(turn, failure, now):
            return
        match policy.next:
            case Next.NO:
                self._stopped = True
            case Next.LARGER_WINDOW:
                window = failure.context_window or candidate.card.context or 0
                self._queue = [c for c in self._queue if c.card.context is None or c.card.context > window]
            case Next.ONE_OTHER_PROVIDER:
                self._hear_one_other(candidate)
            case Next.YES:
                pass

    def _spare_the_same(self, turn: Turn, cools: Cools) -> None:
        """A provider that cannot be reached, or a key that it rejects, is the same for all its models."""
        provider = turn.candidate.provider.name
        if cools is Cools.PROVIDER:
            self._queue = [c for c in self._queue if c.provider.name != provider]
        elif cools is Cools.KEY and turn.key is not None:
            self._useless.add((provider, turn.key.fingerprint))
            self._queue = [c for c in self._queue if not c.keys or self._useful(c, c.keys)]

    def passed_over(self, turn: Turn, now: float) -> None:
        """There was no time to wait for it. ``now`` in wall-clock epoch seconds."""
        until = now + turn.wait
        reason = f"at its limit for {turn.wait:.1f} s more, longer than there was time"
        self.refused.append(Refused(turn.candidate.name, reason, "quota", until))
        self._keys = []

    def _asks_again(self, turn: Turn, failure: Failure, now: float) -> bool:
        name = turn.candidate.name
        if failure.kind.policy.retry is Retry.ONCE and self._retried[name] < turn.candidate.retries:
            self._retried[name] += 1
            self._again = replace(turn, wait=0.0)
            return True
        return failure.kind is FailureClass.RATE_LIMITED and self._waits(turn, failure, now)

    def _waits(self, turn: Turn, failure: Failure, now: float) -> bool:
        """Wait out a short limit of a named model, once, when its other keys are at their limits too."""
        name = turn.candidate.name
        if failure.until is not None and (self._soonest is None or failure.until < self._soonest[0]):
            self._soonest = failure.until, turn
        if self._keys or not turn.candidate.named or name in self._waited or self._soonest is None:
            return False
        until, soonest = self._soonest
        if until - now > PATIENCE:
            return False
        self._waited.add(name)
        self._again = replace(soonest, wait=max(0.0, until - now))
        return True

    def _hear_one_other(self, candidate: Candidate) -> None:
        """The caller is said to be at fault: one other provider is heard, then it is settled."""
        self._blaming.add(candidate.provider.name)
        self._stopped = len(self._blaming) > 1
        self._queue = [c for c in self._queue if c.provider.name != candidate.provider.name]
