"""What the caller is told when nobody could answer: one outcome, and each attempt by name (P1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wallascli.routing.candidate import Plan
from wallascli.routing.circuit import LONG, LONGEST
from wallascli.vocab.failures import Attempt, Exhausted, FailureClass, Outcome, PlanExhausted

_UNUSABLE_KEYS = frozenset({FailureClass.BAD_KEY, FailureClass.NO_CREDIT})
_LIMITS = frozenset({FailureClass.RATE_LIMITED, FailureClass.QUOTA_SPENT})
# All attempts of one of these sets give this outcome; the first set that holds them all decides.
_UNANIMOUS: tuple[tuple[frozenset[FailureClass], Outcome], ...] = (
    (_UNUSABLE_KEYS, Outcome.KEYS_REJECTED),
    (_LIMITS, Outcome.OUT_OF_QUOTA),
    (frozenset({FailureClass.MODEL_GONE}), Outcome.UNKNOWN_MODEL),
    (frozenset({FailureClass.TOO_LONG}), Outcome.TOO_LONG),
    (frozenset({FailureClass.CALLER_FAULT}), Outcome.CALLER_FAULT),
    (frozenset({FailureClass.SLOW}), Outcome.DEADLINE),
    (frozenset({FailureClass.LACKING}), Outcome.NO_CANDIDATE),
)
# Why nobody was asked, in the order in which a person can act on it.
_UNASKED = {
    "quota": Outcome.OUT_OF_QUOTA,
    "paid": Outcome.PAID_NOT_ENABLED,
    "window": Outcome.TOO_LONG,
    "rejected": Outcome.KEYS_REJECTED,
    "needs": Outcome.NO_CANDIDATE,
    "privacy": Outcome.NO_CANDIDATE,
    "other": Outcome.NO_CANDIDATE,
}
# What only a person can change: a key to be had, a row to be switched on.
_UNCONFIGURED = frozenset({"key", "disabled", "retired"})
_MESSAGES = {
    Outcome.KEYS_REJECTED: "Every provider asked rejected its key or has no credit left.",
    Outcome.OUT_OF_QUOTA: "Every candidate is out of quota.",
    Outcome.UNKNOWN_MODEL: "Every provider that has this model says that it does not exist.",
    Outcome.TOO_LONG: "The conversation is longer than every candidate's context window.",
    Outcome.REFUSED: "The provider's content filter refused this request.",
    Outcome.DEADLINE: "No answer within the deadline.",
    Outcome.ALL_FAILED: "Every candidate failed.",
    Outcome.NO_CANDIDATE: "No model can serve this request.",
    Outcome.PAID_NOT_ENABLED: "Only paid models could serve this request, and paid models are not enabled.",
    Outcome.NOTHING_CONFIGURED: "No provider has a key and no local model server answers.",
}
_HINTS = {
    Outcome.KEYS_REJECTED: "check the keys with `wallasapi providers`",
    Outcome.PAID_NOT_ENABLED: "set WALLAS_ALLOW_PAID=true and send `X-Wallas-Cost-Mode: allow_paid` (or `--paid`)",
    Outcome.NOTHING_CONFIGURED: "`wallasapi providers` shows where to get a free key",
    Outcome.UNKNOWN_MODEL: "`wallasapi models` lists what can be asked",
    Outcome.NO_CANDIDATE: "`wallasapi explain` shows why each model was left out",
    Outcome.ALL_FAILED: "`wallasapi explain` shows who is asked and why; `chat -v` shows each attempt",
}
_OFFLINE = "is this machine online?"
_MOST_TOLD = 8


def judge(plan: Plan, attempts: Sequence[Attempt], *, deadline_over: bool, local_time: float) -> PlanExhausted:
    """``local_time`` in epoch seconds, for saying when a quota is back."""
    outcome = Outcome.DEADLINE if deadline_over else _outcome(plan, attempts)
    retry_at = _soonest(attempts, plan, local_time) if outcome is Outcome.OUT_OF_QUOTA else None
    facts = Exhausted(
        outcome,
        tuple(attempts),
        retry_at,
        tuple((refused.name, refused.reason) for refused in plan.refused),
    )
    message = _message(outcome, attempts, retry_at, local_time)
    if outcome is Outcome.NOTHING_CONFIGURED and _is_named(plan):
        message = "Nobody who has this model can be asked."
    message += "" if attempts else _left_out(plan)
    unreachable = attempts and all(a.failure.kind is FailureClass.UNREACHABLE for a in attempts)
    return PlanExhausted(message, facts, hint=_OFFLINE if unreachable else _HINTS.get(outcome, ""))


def broken_off(attempts: Sequence[Attempt], *, deadline_over: bool) -> PlanExhausted:
    """The last of ``attempts`` failed in the middle of its answer."""
    outcome = Outcome.DEADLINE if deadline_over else Outcome.INTERRUPTED
    message = f"The answer broke off: {attempts[-1].failure.message}"
    return PlanExhausted(message, Exhausted(outcome, tuple(attempts)), hint="ask again")


def folded(attempts: Sequence[Attempt]) -> list[tuple[Attempt, int]]:
    """Of attempts at one provider that ended alike the first, and how many there were."""
    counts: dict[tuple[str, FailureClass, str], tuple[Attempt, int]] = {}
    for attempt in attempts:
        alike = (attempt.provider, attempt.failure.kind, attempt.failure.message[:120])
        first, count = counts.get(alike, (attempt, 0))
        counts[alike] = first, count + 1
    return list(counts.values())


def _outcome(plan: Plan, attempts: Sequence[Attempt]) -> Outcome:
    if not attempts:
        return _unasked(plan)
    kinds = {attempt.failure.kind for attempt in attempts}
    if attempts[-1].failure.kind is FailureClass.REFUSED:
        return Outcome.REFUSED
    for members, outcome in _UNANIMOUS:
        if kinds <= members:
            return outcome
    # Two providers that both blame the caller settle it, whatever others said before them.
    blaming = {a.provider for a in attempts if a.failure.kind is FailureClass.CALLER_FAULT}
    return Outcome.CALLER_FAULT if len(blaming) > 1 else Outcome.ALL_FAILED


def _unasked(plan: Plan) -> Outcome:
    """Nobody was asked: the reason that would help most."""
    kinds = {refused.kind for refused in plan.refused}
    for kind, outcome in _UNASKED.items():
        if kind in kinds:
            return outcome
    return Outcome.UNKNOWN_MODEL if "gone" in kinds and not kinds & _UNCONFIGURED else Outcome.NOTHING_CONFIGURED


def _left_out(plan: Plan) -> str:
    """Some of those not asked, each with its reason; that most have no key is no news, unless they were named."""
    told = [one for one in plan.refused if one.kind in _UNASKED or _is_named(plan)][:5]
    return " Left out: " + "; ".join(f"{one.name}: {one.reason}" for one in told) + "." if told else ""


def _is_named(plan: Plan) -> bool:
    return plan.profile == "none"


def _soonest(attempts: Sequence[Attempt], plan: Plan, now: float) -> float:
    """When the first limit ends: as told, else as the circuits guess."""
    times = [refused.until for refused in plan.refused if refused.kind == "quota" and refused.until is not None]
    for attempt in attempts:
        guess = LONG[attempt.failure.kind](now) if attempt.failure.kind in LONG else now + LONGEST
        times.append(attempt.failure.until or guess)
    return min(times, default=now + LONGEST)


def _message(outcome: Outcome, attempts: Sequence[Attempt], retry_at: float | None, now: float) -> str:
    first = attempts[0].failure if attempts else None
    if outcome in (Outcome.CALLER_FAULT, Outcome.REFUSED) and first is not None:
        kind = FailureClass.CALLER_FAULT if outcome is Outcome.CALLER_FAULT else FailureClass.REFUSED
        said = next((a.failure.message for a in attempts if a.failure.kind is kind), first.message)
        return said or _MESSAGES.get(outcome, "The provider rejected this request.")
    text = _MESSAGES[outcome]
    if retry_at is not None:
        text += f" The first one is back {_when(retry_at, now)}."
    lines = folded(attempts)
    tried = "; ".join(
        f"{a.provider}:{a.model}: {a.failure.kind.value} ({a.failure.message[:120]})"
        + (f" and {count - 1} more like it" if count > 1 else "")
        for a, count in lines[:_MOST_TOLD]
    )
    left = sum(count for _, count in lines[_MOST_TOLD:])
    tried += f"; and {left} more" if left else ""
    return f"{text} Tried: {tried}" if tried else text


def _when(moment: float, now: float) -> str:
    seconds = max(0, round(moment - now))
    if seconds < 120:
        return f"in {seconds} s"
    clock = datetime.fromtimestamp(moment).astimezone()
    return f"at {clock:%H:%M}" if seconds < 72_000 else f"on {clock:%Y-%m-%d at %H:%M}"
