"""What an error says, gathered from wherever it says it: codes, sentences, statuses, numbers.

A gateway wraps the provider's own error as a JSON *string* (OpenRouter's ``metadata.raw``), and that inner one is
the specific one: what is found inside such a string comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from wallascli.vocab.events import ErrorFacts

_CODES = frozenset({"@type", "code", "type", "status", "reason", "error_type", "quotaid", "error"})
_SENTENCES = frozenset({"message", "msg", "detail", "details", "title", "error", "error_description", "raw"})
_FIELDS = frozenset({"param", "field"})
_NUMBERS = frozenset({"retry_after", "estimated_time", "n_ctx"})
_WRAPPERS = frozenset({"raw", "data", "message", "error", "detail"})
# Other attempts' errors (OpenRouter) and the caller's own words (FastAPI) are not this provider's verdict.
_NOT_EVIDENCE = frozenset({"previous_errors", "input"})
_DEEPEST = 12
_LONGEST = 4000
_LONGEST_CODE = 200
_MOST = 200
_MOST_TEXT = 16_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """``codes`` in lower case; ``messages`` and ``fields`` (of the request, as they are named) the innermost first.

    ``body`` is the parsed error.
    """

    codes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    status: int | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    body: Any = None

    @property
    def text(self) -> str:
        """All messages in lower case, one a line, white space collapsed: what phrases are looked for in."""
        return "\n".join(" ".join(message.lower().split()) for message in self.messages)[:_MOST_TEXT]


@dataclass(slots=True)
class _Found:
    codes: dict[str, None] = field(default_factory=dict)
    inner: dict[str, None] = field(default_factory=dict)
    outer: dict[str, None] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)


def gather(facts: ErrorFacts) -> Evidence:
    """Everything ``facts`` holds that may decide a class. Pure; never raises."""
    body = parsed(facts.raw)
    if body is None:
        body = list(facts.details)
    found = _Found()
    for code in (facts.code, facts.type):
        found.codes[code.lower()] = None
    _walk(body, found, _DEEPEST, found.outer)
    if not found.inner and not found.outer:
        found.outer[facts.message] = None
    messages = [line for text in (*found.inner, *found.outer) if (line := _line(text))]
    return Evidence(
        codes=tuple(found.codes)[:_MOST],
        messages=tuple(messages[:_MOST]),
        fields=tuple(name for name in (*reversed(found.fields), facts.param) if re.fullmatch(r"(?!\d+$)\S+", name)),
        status=facts.status or _status(found.codes),
        numbers=found.numbers,
        body=body,
    )


def parsed(text: str | bytes) -> Any:
    """The JSON object or list in ``text``; None for anything else."""
    if text.strip()[:1] not in ("{", "[", b"{", b"["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def objects(node: Any, depth: int = _DEEPEST) -> Iterator[Mapping[str, Any]]:
    """Every object in a parsed error, the outer before the inner."""
    if depth == 0:
        return
    if isinstance(node, Mapping):
        yield node
    children = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    for child in children:
        yield from objects(child, depth - 1)


def html_title(text: str) -> str | None:
    """The title of an HTML page, empty if it has none; None if ``text`` is no HTML."""
    if not re.match(r"\s*<(!doctype|html|head)\b", text, re.IGNORECASE):
        return None
    title = re.search(r"<title>(.{0,300}?)</title>", text, re.IGNORECASE | re.DOTALL)
    return title.group(1).strip() if title else ""


def _walk(node: Any, found: _Found, depth: int, messages: dict[str, None]) -> None:
    if depth == 0:
        return
    if isinstance(node, list):
        for child in node[:_MOST]:
            _walk(child, found, depth - 1, messages)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key not in _NOT_EVIDENCE:
                _take(key.lower(), value, found, depth, messages)


def _take(key: str, value: Any, found: _Found, depth: int, messages: dict[str, None]) -> None:
    if isinstance(value, str):
        _take_text(key, value, found, depth, messages)
    elif isinstance(value, int | float):
        if key in _NUMBERS and not isinstance(value, bool):
            found.numbers[key] = float(value)
    elif key == "loc" and isinstance(value, list) and value:  # FastAPI: ["body", "messages", 0, "role"]
        found.fields.append(".".join(str(step) for step in (value[1:] if value[0] == "body" else value)))
    elif value is not None:
        _walk(value, found, depth - 1, messages)


def _take_text(key: str, value: str, found: _Found, depth: int, messages: dict[str, None]) -> None:
    inside = _wrapped(value) if key in _WRAPPERS else None
    if inside is not None:
        _walk(inside, found, depth - 1, found.inner)
        return
    if key in _SENTENCES:
        messages[value] = None
    if key in _CODES and len(value) <= _LONGEST_CODE:
        found.codes[value.lower()] = None
    if key in _FIELDS:
        found.fields.append(value)


def _wrapped(text: str) -> Any:
    """The JSON that ``text`` is, or that a proxy put behind a sentence of its own: "Error from provider: {…}"."""
    whole = parsed(text)
    start = text.find("{")
    return whole if whole is not None or start <= 0 else parsed(text[start:])


def _line(text: str) -> str:
    """A page of HTML counts only by a title that is a status line ("502 Bad Gateway").

    A firewall's "Access denied" says nothing about a key.
    """
    title = html_title(text)
    if title is None:
        return text[:_LONGEST].strip()
    return title if re.match(r"\d{3} ", title) else ""


def _status(codes: Mapping[str, None]) -> int | None:
    """A status written as a string: "401" [azure/error-401-…-15a806]."""
    return next((int(code) for code in codes if re.fullmatch(r"[45]\d\d", code)), None)
