"""What can go wrong, and what the router may do about it.

WallasError
├── AttemptFailed     one candidate said no             -> its Failure holds the class and the facts
├── PlanExhausted     every candidate said no           -> the attempts, and the Outcome for the caller
├── NotUnderstood     the caller's body made no sense   -> 400, names the field
├── UnknownModel      a name that matches nothing       -> 404, "did you mean"
├── NotAllowed        a switch forbids it               -> 403, says which switch
└── Misconfigured     a person must fix something       -> says what, where, and the next step
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Retry(Enum):
    """Whether the same candidate may be asked again for the same request."""

    NO = "no"
    NEXT_KEY = "next key"
    ONCE = "once"


class Next(Enum):
    """Whether another candidate may be asked."""

    YES = "yes"
    NO = "no"
    ONE_OTHER_PROVIDER = "one other provider"
    LARGER_WINDOW = "larger window"


class Cools(Enum):
    """What a failure puts to sleep, if anything."""

    NOBODY = "nobody"
    KEY = "key"
    KEY_MODEL = "key x model"
    MODEL = "model"
    CANDIDATE = "candidate"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Policy:
    """What one class of failure permits. ``weight`` is its share of a circuit failure (0, 0.5 or 1)."""

    retry: Retry
    next: Next
    cools: Cools
    weight: float


class FailureClass(Enum):
    """Everything a failed attempt can tell; the class decides, never the status."""

    CALLER_FAULT = "caller_fault"
    TOO_LONG = "too_long"
    REFUSED = "refused"
    LACKING = "lacking"
    BAD_KEY = "bad_key"
    NO_CREDIT = "no_credit"
    RATE_LIMITED = "rate_limited"
    QUOTA_SPENT = "quota_spent"
    MODEL_GONE = "model_gone"
    BROKEN = "broken"
    OVERLOADED = "overloaded"
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    EMPTY = "empty"
    UNKNOWN = "unknown"

    @property
    def policy(self) -> Policy:
        return _POLICIES[self]


_POLICIES: dict[FailureClass, Policy] = {
    FailureClass.CALLER_FAULT: Policy(Retry.NO, Next.ONE_OTHER_PROVIDER, Cools.NOBODY, 0),
    FailureClass.TOO_LONG: Policy(Retry.NO, Next.LARGER_WINDOW, Cools.NOBODY, 0),
    FailureClass.REFUSED: Policy(Retry.NO, Next.NO, Cools.NOBODY, 0),
    FailureClass.LACKING: Policy(Retry.NO, Next.YES, Cools.NOBODY, 0),
    FailureClass.BAD_KEY: Policy(Retry.NEXT_KEY, Next.YES, Cools.KEY, 0),
    FailureClass.NO_CREDIT: Policy(Retry.NEXT_KEY, Next.YES, Cools.KEY, 0),
    FailureClass.RATE_LIMITED: Policy(Retry.NEXT_KEY, Next.YES, Cools.KEY_MODEL, 0),
    FailureClass.QUOTA_SPENT: Policy(Retry.NEXT_KEY, Next.YES, Cools.KEY_MODEL, 0),
    FailureClass.MODEL_GONE: Policy(Retry.NO, Next.YES, Cools.MODEL, 0),
    FailureClass.BROKEN: Policy(Retry.ONCE, Next.YES, Cools.CANDIDATE, 1),
    FailureClass.OVERLOADED: Policy(Retry.NO, Next.YES, Cools.CANDIDATE, 1),
    FailureClass.UNREACHABLE: Policy(Retry.NO, Next.YES, Cools.PROVIDER, 1),
    FailureClass.SLOW: Policy(Retry.NO, Next.YES, Cools.CANDIDATE, 0.5),
    FailureClass.EMPTY: Policy(Retry.NO, Next.YES, Cools.CANDIDATE, 0.5),
    FailureClass.UNKNOWN: Policy(Retry.NO, Next.YES, Cools.CANDIDATE, 0.5),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One candidate's "no", judged. Times are wall-clock epoch seconds."""

    kind: FailureClass
    message: str
    status: int | None = None
    code: str | None = None
    param: str | None = None
    until: float | None = None
    """When the limit ends, as the provider told it (``Retry-After``, a reset header, a body field)."""
    context_window: int | None = None
    """A window in tokens that the error named; it belongs on the model's card."""
    body: bytes = b""
    """The error body as it came (at most 64 KiB), for callers of the same wire; secrets already removed."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the story told when nobody could answer. ``seconds`` is how long it took."""

    provider: str
    model: str
    failure: Failure
    seconds: float


class Outcome(Enum):
    """How a request ended for the caller: HTTP status, exit code, error code, error type (OpenAI's words)."""

    NOTHING_CONFIGURED = (503, 4, "nothing_configured", "server_error")
    MISCONFIGURED = (500, 1, "misconfigured", "server_error")
    KEYS_REJECTED = (502, 4, "provider_keys_rejected", "server_error")
    OUT_OF_QUOTA = (429, 6, "quota_exhausted", "rate_limit_error")
    DEADLINE = (504, 7, "deadline_exceeded", "timeout_error")
    ALL_FAILED = (502, 5, "all_candidates_failed", "server_error")
    INTERRUPTED = (502, 5, "stream_interrupted", "server_error")
    UNKNOWN_MODEL = (404, 8, "model_not_found", "invalid_request_error")
    PAID_NOT_ENABLED = (403, 4, "paid_mode_not_enabled", "permission_error")
    TOO_LONG = (400, 1, "context_length_exceeded", "invalid_request_error")
    REFUSED = (400, 1, "content_filter", "invalid_request_error")
    CALLER_FAULT = (400, 1, "invalid_request", "invalid_request_error")
    NO_CANDIDATE = (400, 1, "no_eligible_model", "invalid_request_error")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def exit_code(self) -> int:
        return self.value[1]

    @property
    def code(self) -> str:
        return self.value[2]

    @property
    def type(self) -> str:
        return self.value[3]


class WallasError(Exception):
    """Root of the family. ``hint`` is the next step for a person; ``outcome`` what the caller is told."""

    outcome = Outcome.ALL_FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class AttemptFailed(WallasError):
    """One candidate failed; raised inside upstream and routing, never shown to a caller as such."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class NotUnderstood(WallasError):
    """The caller's request made no sense. ``param`` names the field, in the caller's own dialect."""

    outcome = Outcome.CALLER_FAULT

    def __init__(self, message: str, *, param: str | None = None, status: int = 400, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.param = param
        self.status = status


class UnknownModel(WallasError):
    """A name that matches no model, tier or alias."""

    outcome = Outcome.UNKNOWN_MODEL

    def __init__(self, name: str, near: tuple[str, ...] = ()) -> None:
        guess = f" Did you mean {', '.join(repr(n) for n in near)}?" if near else ""
        super().__init__(
            f"The model {name!r} does not exist.{guess}",
            hint="`wallasapi models` lists what can be asked",
        )
        self.name = name
        self.near = near


class NotAllowed(WallasError):
    """A switch of the operator or of the caller forbids every candidate."""

    outcome = Outcome.PAID_NOT_ENABLED


class Misconfigured(WallasError):
    """A person must fix something: a settings file is wrong, a port is taken."""

    outcome = Outcome.MISCONFIGURED


@dataclass(slots=True)
class Exhausted:
    """The facts behind ``PlanExhausted``."""

    outcome: Outcome
    attempts: tuple[Attempt, ...] = ()
    retry_at: float | None = None
    refused: tuple[tuple[str, str], ...] = field(default=())
    """Candidates never asked, each with its reason in words."""


class PlanExhausted(WallasError):
    """Every eligible candidate failed, or the deadline is over. Carries each attempt (P1)."""

    def __init__(self, message: str, facts: Exhausted, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.facts = facts
        self.outcome = facts.outcome
