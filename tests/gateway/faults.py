"""Every fault of the simulator, and what the gateway must make of it."""

from __future__ import annotations

from dataclasses import dataclass

BROKEN, SLOW, EMPTY = "broken", "slow", "empty"


@dataclass(frozen=True, slots=True)
class Fault:
    """`script` in the simulator's words; `kinds`: as which failure classes it may be judged.

    `skipped`: the one bad frame is left out where nobody else can be asked, and the rest is told.
    """

    script: str
    kinds: tuple[str, ...] = (BROKEN,)
    skipped: bool = False


# Nobody else is asked after these, by the design's table.
FINAL = frozenset({"refused"})

FAULTS = (
    *(
        Fault(script, (kind,))
        for script, kind in (
            ("400", "caller_fault"),
            ("401", "bad_key"),
            ("402", "no_credit"),
            ("403", "model_gone"),
            ("404", "model_gone"),
            ("408", SLOW),
            ("410", "model_gone"),
            ("413", "too_long"),
            ("422", "caller_fault"),
            ("429", "rate_limited"),
            ("429-retry40", "rate_limited"),
            ("429-reset40", "rate_limited"),
            ("498", "overloaded"),
            ("500", BROKEN),
            ("502", BROKEN),
            ("503", "overloaded"),
            ("504", SLOW),
            ("529", "overloaded"),
            ("badkey", "bad_key"),
            ("credit", "no_credit"),
            ("nomodel", "model_gone"),
            ("gone", "model_gone"),
            ("notools", "lacking"),
            ("toolong", "too_long"),
            ("moderation", "refused"),
            ("daily", "quota_spent"),
            ("validation", "caller_fault"),
            ("loading", "overloaded"),
            ("account", "no_credit"),
            ("error0", "overloaded"),
            ("error2", "overloaded"),
            ("error0-429", "rate_limited"),
        )
    ),
    # What a redirect is depends on the words beside it, and a 500 in mid-stream is told without a number by some.
    Fault("307", ("caller_fault", "unknown")),
    Fault("error2-500", (BROKEN, "unknown")),
    *map(Fault, "reset hangup garbage diebody finbody html garbagebody halfjson badgzip fakegzip".split()),
    *map(Fault, "nobody die0 die2 fin0 fin2 cut0 cut2 badchunk0 badchunk2 halfcall".split()),
    *(Fault(script, skipped=True) for script in "badframe0 badframe2 badtext0 badtext2".split()),
    *(Fault(script, (SLOW,)) for script in "stall stallbody stall0 stall2 badstop0 badstop2".split()),
    *(Fault(script, (SLOW,)) for script in "comments50 slow6 wait6000".split()),
    # Gemini's stream without candidates has no finish reason either: it was cut.
    *(Fault(script, (EMPTY, BROKEN)) for script in ("blank", "nochoices")),
)

# Odd, but an answer: it comes from whom was asked first.
HARMLESS = (
    "badtype nousage eof keepalive bytewise crlf cr gzip goodbye onceclose reusereset letters1 think3 length "
    "slowhead1 trickle1 d2 huge200"
).split()

# Class of the failure -> status and code of the answer, where nobody else could be asked.
ALONE: dict[str, tuple[int, str]] = {
    "bad_key": (502, "provider_keys_rejected"),
    "no_credit": (502, "provider_keys_rejected"),
    "model_gone": (404, "model_not_found"),
    "too_long": (400, "context_length_exceeded"),
    "rate_limited": (429, "quota_exhausted"),
    "quota_spent": (429, "quota_exhausted"),
    "overloaded": (502, "all_candidates_failed"),
    "lacking": (400, "no_eligible_model"),
    "unknown": (502, "all_candidates_failed"),
    BROKEN: (502, "all_candidates_failed"),
    SLOW: (504, "deadline_exceeded"),
}
