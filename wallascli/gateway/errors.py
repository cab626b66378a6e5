"""Every way a request can fail, as an answer in the caller's dialect."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from wallascli.gateway.policy import ID, request_id_of
from wallascli.vocab.failures import Attempt, FailureClass, NotUnderstood, Outcome, PlanExhausted, WallasError
from wallascli.wires import WIRES
from wallascli.wires.base import CallerError, Inbound
from wallascli.wires.openai_chat import IN as OPENAI

# By path first: the header is also sent by Anthropic's clients to other routes.
_BY_PATH = (("/api/", "ollama"), ("/v1beta/", "gemini"), ("/v1/messages", "anthropic"))
_FINAL = frozenset({502, 504})
# A name or a header that makes no sense is repeated in the message, and may be a megabyte.
_LONGEST = 4_000


def dialect(request: web.BaseRequest) -> Inbound:
    """The wire in which this caller understands errors."""
    path = request.path
    name = next((wire for start, wire in _BY_PATH if path.startswith(start)), "")
    if ":generateContent" in path or ":streamGenerateContent" in path:
        name = "gemini"
    if not name and "anthropic-version" in request.headers:
        name = "anthropic"
    wire = WIRES.get(name)
    return wire.inbound if wire and wire.inbound else OPENAI


def answer(request: web.BaseRequest, error: CallerError, headers: Mapping[str, str] | None = None) -> web.Response:
    wire = dialect(request)
    if len(error.message) > _LONGEST:
        error = replace(error, message=f"{error.message[:_LONGEST]}…")
    kept = dict(headers or {})
    kept["X-Request-Id"] = request.get(ID) or request_id_of(request.headers)
    if error.attempts:
        kept["X-Wallas-Attempts"] = str(len(error.attempts))
    if error.status in _FINAL:
        # The SDKs retry 502 and 504 on their own; here everybody has been asked already.
        kept["x-should-retry"] = "false"
    return web.Response(
        body=wire.render_error(error), status=error.status, content_type="application/json", headers=kept
    )


def describe(exc: WallasError) -> tuple[CallerError, dict[str, str]]:
    """The error as the caller sees it, and headers that belong to it."""
    outcome = exc.outcome
    match exc:
        case NotUnderstood():
            error = CallerError(exc.status, outcome.code, outcome.type, exc.message, exc.param, exc.hint)
            return error, {}
        case PlanExhausted():
            return _exhausted(exc)
        case _:
            param = "model" if outcome is Outcome.UNKNOWN_MODEL else None
            return CallerError(outcome.status, outcome.code, outcome.type, exc.message, param, exc.hint), {}


def _exhausted(exc: PlanExhausted) -> tuple[CallerError, dict[str, str]]:
    facts, outcome = exc.facts, exc.outcome
    status, code, param = outcome.status, outcome.code, None
    if outcome in (Outcome.CALLER_FAULT, Outcome.REFUSED):
        first = _first(facts.attempts, FailureClass.CALLER_FAULT, FailureClass.REFUSED)
        if first is not None:
            said = first.failure
            status = said.status if said.status and 400 <= said.status < 500 else status
            code, param = said.code or code, said.param
    headers = {}
    if facts.retry_at is not None:
        headers["Retry-After"] = str(max(1, math.ceil(facts.retry_at - time.time())))
    attempts = tuple(_told(attempt) for attempt in facts.attempts)
    return CallerError(status, code, outcome.type, exc.message, param, exc.hint, attempts), headers


def _first(attempts: tuple[Attempt, ...], *kinds: FailureClass) -> Attempt | None:
    return next((attempt for attempt in attempts if attempt.failure.kind in kinds), None)


def _told(attempt: Attempt) -> dict[str, object]:
    return {
        "provider": attempt.provider,
        "model": attempt.model,
        "reason": attempt.failure.kind.value,
        "status": attempt.failure.status,
        "message": attempt.failure.message[:500],
        "seconds": round(attempt.seconds, 3),
    }
