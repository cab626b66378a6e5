"""A conversation and what is asked of a model, in our own words.

A ``ChatRequest`` is read once from the caller's dialect. Its ``origin`` keeps the caller's body, so that
an outbound wire of the same name can forward what we have no word for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


class Role(Enum):
    """Who speaks. ``developer`` is OpenAI's newer word for ``system`` and kept apart for its own wire."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Reasoning that came before an answer.

    ``signature`` is the maker's opaque proof (Anthropic's signature, Gemini's thoughtSignature) and ``maker``
    the wire it came from: it may only be sent back there. ``redacted`` marks an encrypted thought.
    """

    text: str
    signature: str = ""
    maker: str = ""
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """Image, audio, video or document: exactly one of ``url``, ``base64`` or ``file_id`` is set.

    ``mime`` like ``image/png``; ``base64`` has no ``data:`` prefix. ``detail`` is OpenAI's image detail.
    """

    mime: str
    base64: str = ""
    url: str = ""
    file_id: str = ""
    name: str = ""
    detail: str = ""

    @property
    def kind(self) -> str:
        """``image``, ``audio``, ``video``, ``pdf`` or ``file``."""
        if self.mime == "application/pdf":
            return "pdf"
        head = self.mime.partition("/")[0]
        return head if head in ("image", "audio", "video") else "file"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model made. ``arguments`` is JSON text, exactly as the model wrote it."""

    id: str
    name: str
    arguments: str
    signature: str = ""
    maker: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back. ``name`` is filled from the call of the same id where the wire left it out."""

    call_id: str
    parts: tuple[Text | Media, ...]
    name: str = ""
    is_error: bool = False

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Refusal:
    """OpenAI's refusal text, kept apart from an answer."""

    text: str


Part: TypeAlias = Text | Thought | Media | ToolCall | ToolResult | Refusal


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    parts: tuple[Part, ...]
    name: str = ""

    @property
    def text(self) -> str:
        """The plain text of the message, without thoughts and tool traffic."""
        if len(self.parts) == 1 and type(self.parts[0]) is Text:
            return self.parts[0].text
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call. ``parameters`` is a JSON schema; ``None`` means no parameters given."""

    name: str
    description: str = ""
    parameters: Json | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """``mode`` is ``auto``, ``none``, ``required`` or ``named`` (then ``name`` is the function)."""

    mode: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """``kind`` is ``text``, ``json_object`` or ``json_schema`` (then ``schema`` and ``name`` are set)."""

    kind: str
    name: str = ""
    schema: Json | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """How much thinking is wished. ``effort`` none|minimal|low|medium|high|…; ``budget`` in tokens."""

    effort: str = ""
    budget: int | None = None
    show: bool | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: the name of the caller's wire and the body it sent, parsed and untouched."""

    wire: str
    body: Json


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Everything a caller wants of one answer. ``None`` or empty means that nothing was said."""

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    models: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning: Reasoning | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: Json | None = None
    user: str = ""
    include_usage: bool = False
    """The caller of a stream asked for a usage chunk (``stream_options.include_usage``)."""
    extra: Json = field(default_factory=dict)
    """Fields of the caller's wire that we have no word for, as they came."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the provider reported them. ``estimated`` marks figures that are ours (P3: never silently).

    ``output`` includes ``reasoning``; ``input`` includes ``cached`` and ``cache_written``.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        return self.input + self.output
