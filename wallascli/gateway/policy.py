"""Headers of a request as the caller's policy, and what an answer says about itself in headers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from secrets import token_hex
from typing import Any, TypeVar

from aiohttp import web
from multidict import CIMultiDict, istr

from wallascli.routing.reply import Reply
from wallascli.vocab.failures import NotAllowed, NotUnderstood
from wallascli.vocab.policy import Policy, Privacy

T = TypeVar("T")

# From aiohttp 3.14 on a plain string prints a warning at its first use; before, there is nothing else.
ID: Any = web.RequestKey("request_id", str) if hasattr(web, "RequestKey") else "request_id"
"""Where a request keeps what it is called, once that is known."""
_LONGEST = 512
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_REQUEST_ID = re.compile(r"[\w.:-]{1,128}")
_COST_MODES = {"free_only": False, "allow_paid": True}
_OURS = tuple(
    istr(name)
    for name in (
        "X-Willaku-Tier",
        "X-Wallas-Provider",
        "X-Wallas-Cost-Mode",
        "X-Wallas-Privacy",
        "X-Wallas-Deadline",
        "X-Wallas-Thread",
    )
)


def policy_of(headers: Mapping[str, str], request_id: str, *, paid_enabled: bool) -> Policy:
    """Raises ``NotUnderstood`` for a value that means nothing, ``NotAllowed`` for paid models switched off."""
    given = [headers.get(name) for name in _OURS]
    if not any(given):
        return Policy(request_id=request_id)
    tier, provider, cost, privacy, deadline, thread = ((value or "").strip() for value in given)
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
    given = headers.get(_REQUEST_ID_HEADER)
    return given if given and _REQUEST_ID.fullmatch(given) else f"req_{_PROCESS}{next(_COUNTER):08x}"


# ``istr`` knows its own lower case: a plain string is folded anew for each header of each answer.
_REQUEST_ID_HEADER = istr("X-Request-Id")
_PROVIDER, _MODEL, _PROFILE = istr("X-Wallas-Provider"), istr("X-Wallas-Model"), istr("X-Wallas-Profile")
_ATTEMPTS, _ROUTE = istr("X-Wallas-Attempts"), istr("X-Wallas-Route-Id")
_REASON, _DROPPED = istr("X-Wallas-Routing-Reason"), istr("X-Wallas-Dropped")
_PROCESS = token_hex(6)
_COUNTER = count(1)


def reply_headers(reply: Reply, request_id: str) -> CIMultiDict[str]:
    """True at the moment they are sent; ASCII, at most 512 characters each."""
    candidate = reply.candidate
    provider, model = _ascii(candidate.provider.name), _ascii(candidate.card.id)
    headers = CIMultiDict(
        (
            (_REQUEST_ID_HEADER, request_id),
            (_PROVIDER, provider),
            (_MODEL, model),
            (_PROFILE, _ascii(reply.plan.profile)),
            (_ATTEMPTS, str(reply.tried)),
            (_ROUTE, f"{provider}::{model}"[:_LONGEST]),
            (_REASON, _ascii(reply.reason)),
        )
    )
    if reply.dropped:
        headers[_DROPPED] = _ascii(", ".join(reply.dropped))
    return headers


@lru_cache(maxsize=1024)
def _ascii(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text[:_LONGEST]
    return _UNPRINTABLE.sub("?", text)[:_LONGEST]
