"""Which wire a path belongs to, and which provider it pretends to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

DEFAULT = "default"
OUR_WORDS = frozenset({"v1", "v1beta", "v1alpha", "v2", "api", ""})


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `operation`: chat, models, count, show, version. `model` is filled in from the body."""

    provider: str
    wire: str
    operation: str
    model: str = ""
    stream: bool | None = None
    sse: bool = True


ROUTES: tuple[tuple[str, re.Pattern[str], Target], ...] = tuple(
    (method, re.compile(pattern), Target("", wire, operation, stream=stream))
    for method, pattern, wire, operation, stream in (
        ("POST", r"(?P<prefix>.*)/chat/completions", "openai", "chat", None),
        ("POST", r"(?P<prefix>.*)/models/(?P<model>.+):generateContent", "gemini", "chat", False),
        ("POST", r"(?P<prefix>.*)/models/(?P<model>.+):streamGenerateContent", "gemini", "chat", True),
        ("POST", r"(?P<prefix>.*)/models/(?P<model>.+):countTokens", "gemini", "count", False),
        ("POST", r"(?P<prefix>.*)/v1/messages", "anthropic", "chat", None),
        ("POST", r"(?P<prefix>.*)/v1/messages/count_tokens", "anthropic", "count", False),
        ("POST", r"(?P<prefix>.*)/api/chat", "ollama", "chat", None),
        ("GET", r"(?P<prefix>.*)/api/tags", "ollama", "models", False),
        ("POST", r"(?P<prefix>.*)/api/show", "ollama", "show", False),
        ("GET", r"(?P<prefix>.*)/api/version", "ollama", "version", False),
        ("POST", r"(?P<prefix>.*)/v2/chat", "cohere", "chat", None),
        ("POST", r"(?P<prefix>.*)/openai", "openai", "chat", None),
        ("GET", r"(?P<prefix>.*)/models", "", "models", False),
    )
)


def route(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Target | None:
    """The target of a request, or None for a path that no provider knows."""
    for wanted, pattern, target in ROUTES:
        match = pattern.fullmatch(path) if method == wanted else None
        if match is None:
            continue
        provider = match["prefix"].strip("/").split("/")[0]
        provider = DEFAULT if provider in OUR_WORDS else provider
        model = match.groupdict().get("model") or ""
        wire = target.wire or _wire_of_list(path, query, headers)
        return replace(target, provider=provider, wire=wire, model=model, sse=query.get("alt") == "sse")
    return None


def _wire_of_list(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    if path.endswith(("/v1beta/models", "/v1alpha/models")) or "x-goog-api-key" in headers or "pageSize" in query:
        return "gemini"
    if "anthropic-version" in headers or "x-api-key" in headers:
        return "anthropic"
    if path.endswith("/cohere/v1/models") or "page_size" in query:
        return "cohere"
    return "openai"
