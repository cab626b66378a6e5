"""Requests to Gemini in a few words, for its tests."""

from __future__ import annotations

from typing import Any

from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Part,
    Role,
    Text,
    ToolResult,
)
from wallascli.wires.base import Quirks, Rendered
from wallascli.wires.gemini import OUT

NEW, OLD = "gemini-3.5-flash", "gemini-2.5-flash"
PNG = Media("image/png", base64="iVBORw0KGgo=")
PDF = Media("application/pdf", base64="JVBERi0=")
WAV = Media("audio/wav", base64="UklGRg==")


def user(*parts: Part | str) -> Message:
    return Message(Role.USER, tuple(Text(p) if isinstance(p, str) else p for p in parts))


def model(*parts: Part | str) -> Message:
    return Message(Role.ASSISTANT, tuple(Text(p) if isinstance(p, str) else p for p in parts))


def results(*parts: ToolResult) -> Message:
    return Message(Role.TOOL, parts)


def result(call_id: str, text: str, *media: Media, is_error: bool = False) -> ToolResult:
    return ToolResult(call_id, (Text(text), *media), is_error=is_error)


def asked(*messages: Message, to: str = NEW, quirks: Quirks | None = None, **fields: Any) -> Rendered:
    request = ChatRequest("auto", messages or (user("Hi"),), **fields)
    return OUT.render(request, to, stream=False, quirks=quirks or Quirks())


def config(**fields: Any) -> Any:
    return asked(**fields).body.get("generationConfig")
