"""Reading a provider's error body, whatever its shape.

Shapes seen: OpenAI ``{"error": {...}}``, Ollama ``{"error": "text"}``, Anthropic ``{"type": "error", ...}``,
Google ``{"error": {"status", "details"}}`` (also in a list of one), Mistral and Cohere ``{"message"}``,
FastAPI ``{"detail"}``, RFC 7807 ``{"title", "detail"}``, plain text and HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from wallascli.vocab.events import ErrorFacts

MOST = 64 * 1024


def read_error(body: bytes) -> ErrorFacts:
    """The facts in an error body; never raises. ``raw`` holds at most 64 KiB of it."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ErrorFacts(message=body[:2000].decode("utf-8", "replace").strip(), raw=body[:MOST])
    return error_facts(parsed, body[:MOST])


def error_facts(parsed: Any, raw: bytes = b"") -> ErrorFacts:
    """The facts in a parsed error, ``raw`` being its bytes."""
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    if not isinstance(parsed, Mapping):
        return ErrorFacts(message=str(parsed), raw=raw)
    inner = parsed.get("error")
    if not isinstance(inner, Mapping):
        inner = {**parsed, "message": inner if isinstance(inner, str) else _outer_message(parsed)}
    return ErrorFacts(
        message=_text(inner.get("message")) or _outer_message(inner),
        code=_text(inner.get("code")),
        type=_text(inner.get("status") if isinstance(inner.get("status"), str) else inner.get("type"))
        or _text(inner.get("error_type")),
        param=_text(inner.get("param")),
        status=_status(inner, parsed),
        details=_details(inner, parsed),
        raw=raw,
    )


def _outer_message(body: Mapping[str, Any]) -> str:
    for key in ("message", "detail", "title", "error_description"):
        if body.get(key):
            return _text(body[key])
    return ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _status(*bodies: Mapping[str, Any]) -> int | None:
    """A status inside the body, under any of the names it goes by."""
    for body in bodies:
        for key in ("code", "status", "status_code", "raw_status_code"):
            value = body.get(key)
            if isinstance(value, int) and 100 <= value <= 599:
                return value
    return None


def _details(inner: Mapping[str, Any], outer: Mapping[str, Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    for key in ("details", "metadata", "innererror", "availability", "detail", "failed_generation"):
        for body in (inner, outer) if inner is not outer else (inner,):
            value = body.get(key)
            if isinstance(value, list):
                found += value
            elif value is not None:
                found.append({key: value})
    return tuple(found)
