"""Headers of a request as the caller's policy, and what an answer says about itself in headers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from random import getrandbits
from typing import TypeVar

from wallascli.routing.reply import Reply
from wallascli.vocab.failures import NotAllowed, NotUnderstood
from wallascli.vocab.policy import Policy, Privacy

T = TypeVar("T")

_LONGEST = 512
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_REQUEST_ID = re.compile(r"[\w.:-]{1,128}")
_COST_MODES = {"free_only": False, "allow_paid": True}
_OURS = ("X-Willaku-Tier", "X-Wallas-Provider", "X-Wallas-Cost-Mode", "X-Wallas-Privacy", "X-Wallas-Deadline")


def policy_of(headers: Mapping[str, str], request_id: str, *, paid_enabled: bool) -> Policy:
    """Raises ``NotUnderstood`` for a value that means nothing, ``NotAllowed`` for paid models switched off."""
    tier, provider, cost, privacy, deadline = (headers.get(name, "").strip() for name in _OURS)
    thread = headers.get("X-Wallas-Thread", "")
    if not (tier or provider or cost or privacy or deadline or thread):
        return Policy(request_id=request_id)
    allow_paid = _one_of("X-Wallas-Cost-Mode", cost.lower() or "free_only", _COST_MODES)
    if allow_paid and not paid_enabled:
        raise NotAllowed(
            "Paid models are not enabled on this gateway.", hint="its operator sets WALLAS_ALLOW_PAID=true"
        )
    return Policy(
        tier=tier,
        provider=provider.lower(),
        allow_paid=allow_paid,
        privacy=_one_of("X-Wallas-Privacy", privacy.lower() or "any", {p.value: p for p in Privacy}),
        deadline=_seconds(deadline) if deadline else None,
        request_id=request_id,
        conversation=thread[:200],
    )


def _one_of(name: str, value: str, known: Mapping[str, T]) -> T:
    if value not in known:
        raise NotUnderstood(f"{name} must be one of {', '.join(known)}, not {value!r}.", param=name)
    return known[value]


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 86_400:
        raise NotUnderstood(
            f"X-Wallas-Deadline must be a number of seconds, not {value!r}.", param="X-Wallas-Deadline"
        )
    return seconds


def request_id_of(headers: Mapping[str, str]) -> str:
    """The caller's own, if it is harmless in a header and a log, else a new one."""
    given = headers.get("X-Request-Id", "")
    return given if given and _REQUEST_ID.fullmatch(given) else f"req_{getrandbits(96):024x}"


def reply_headers(reply: Reply, request_id: str) -> dict[str, str]:
    """True at the moment they are sent; ASCII, at most 512 characters each."""
    candidate = reply.candidate
    provider, model = candidate.provider.name, candidate.card.id
    headers = {
        "X-Request-Id": request_id,
        "X-Wallas-Provider": _ascii(provider),
        "X-Wallas-Model": _ascii(model),
        "X-Wallas-Profile": _ascii(reply.plan.profile),
        "X-Wallas-Attempts": str(reply.tried),
        "X-Wallas-Route-Id": _ascii(f"{provider}::{model}"),
        "X-Wallas-Routing-Reason": _ascii(reply.reason),
    }
    if reply.dropped:
        headers["X-Wallas-Dropped"] = _ascii(", ".join(reply.dropped))
    return headers


def _ascii(text: str) -> str:
    return (
        _UNPRINTABLE.sub("?", text)[:_LONGEST] if not text.isascii() or not text.isprintable() else text[:_LONGEST]
    )
