"""What happens while an answer arrives: a closed union, and the whole answer as its fold.

``choice`` counts the answers of one request from 0 (only OpenAI's ``n`` makes more than one).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias, assert_never

from wallascli.vocab.chat import Json, Media, ToolCall, Usage


class FinishReason(Enum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Started:
    """The provider named the answer. ``created`` in epoch seconds; any field may be empty."""

    id: str = ""
    model: str = ""
    created: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """A piece of reasoning; a ``signature`` closes it (see ``Thought``)."""

    text: str
    signature: str = ""
    maker: str = ""
    redacted: bool = False
    choice: int = 0


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class MediaMade:
    """A whole picture or sound inside an answer."""

    media: Media
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """``index`` counts the calls of one choice from 0."""

    index: int
    id: str
    name: str
    signature: str = ""
    maker: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of the JSON text of a call's arguments."""

    index: int
    arguments: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class UsageReported:
    """The latest figures: a later report replaces an earlier one, it is never added."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class LogprobsReported:
    """Token log-probabilities in OpenAI's shape (``{"content": [...]}``)."""

    logprobs: Json
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Extra:
    """Something beside the answer that has no word of ours (citations, …), kept for the whole answer.

    A later value replaces an earlier one. ``choice`` -1 means the answer as a whole.
    """

    name: str
    value: Any
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """``raw`` is the provider's own word; ``stop_sequence`` the one that matched, where it is told."""

    reason: FinishReason
    raw: str = ""
    stop_sequence: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error in the middle of a stream or inside a 200 body; ``facts`` are read from it by its wire."""

    facts: ErrorFacts


Event: TypeAlias = (
    Started
    | TextDelta
    | ThoughtDelta
    | RefusalDelta
    | MediaMade
    | ToolCallStarted
    | ToolCallDelta
    | UsageReported
    | LogprobsReported
    | Extra
    | Finished
    | ProviderError
)


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """What a provider's error says, before anybody judges it. All text is as it came."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    status: int | None = None
    """A status inside the body (an error in a 200 stream has one of its own)."""
    details: tuple[Any, ...] = ()
    """Structured extras: Google's ``details``, OpenRouter's ``metadata``, …"""
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Choice:
    """One finished answer."""

    text: str = ""
    thoughts: tuple[ThoughtDelta, ...] = ()
    refusal: str = ""
    media: tuple[Media, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finished | None = None
    logprobs: Json | None = None
    extra: Json = field(default_factory=dict)

    @property
    def thought(self) -> str:
        return "".join(piece.text for piece in self.thoughts)


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer: ``fold`` of its events."""

    started: Started
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    extra: Json = field(default_factory=dict)

    @property
    def first(self) -> Choice:
        return self.choices[0] if self.choices else Choice()


class _Growing:
    """One choice while it grows."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.thoughts: list[ThoughtDelta] = []
        self.refusal: list[str] = []
        self.media: list[Media] = []
        self.calls: dict[int, ToolCallStarted] = {}
        self.arguments: dict[int, list[str]] = {}
        self.finish: Finished | None = None
        self.logprobs: dict[str, Any] | None = None
        self.extra: dict[str, Any] = {}

    def think(self, piece: ThoughtDelta) -> None:
        """Join with the piece before, unless that one is closed by a signature or encrypted."""
        last = self.thoughts[-1] if self.thoughts else None
        if last is None or last.signature or last.redacted or piece.redacted:
            self.thoughts.append(piece)
            return
        self.thoughts[-1] = ThoughtDelta(
            last.text + piece.text, piece.signature, piece.maker or last.maker, choice=piece.choice
        )

    def add_logprobs(self, piece: Json) -> None:
        if self.logprobs is None:
            self.logprobs = {}
        for key, value in piece.items():
            old = self.logprobs.get(key)
            self.logprobs[key] = [*old, *value] if isinstance(old, list) and value else value or old

    def done(self) -> Choice:
        calls = tuple(
            ToolCall(c.id, c.name, "".join(self.arguments.get(i, ())), c.signature, c.maker)
            for i, c in sorted(self.calls.items())
        )
        return Choice(
            text="".join(self.text),
            thoughts=tuple(self.thoughts),
            refusal="".join(self.refusal),
            media=tuple(self.media),
            tool_calls=calls,
            finish=self.finish,
            logprobs=self.logprobs,
            extra=self.extra,
        )


def fold(events: Iterable[Event]) -> Completion:
    """Make the whole answer of its events.

    A ``ProviderError`` leaves no trace here: whoever reads a stream acts on it.
    """
    started, usage = Started(), None
    choices: dict[int, _Growing] = {}
    extra: dict[str, Any] = {}
    for event in events:
        match event:
            case Started():
                started = _merged(started, event)
            case UsageReported(latest):
                usage = latest
            case ProviderError():
                pass
            case Extra(name, value, choice) if choice < 0:
                extra[name] = value
            case _:
                _grow(choices.setdefault(event.choice, _Growing()), event)
    return Completion(started, tuple(c.done() for _, c in sorted(choices.items())), usage, extra)


def _merged(old: Started, new: Started) -> Started:
    return Started(old.id or new.id, old.model or new.model, old.created or new.created)


def _grow(
    choice: _Growing,
    event: TextDelta
    | ThoughtDelta
    | RefusalDelta
    | MediaMade
    | ToolCallStarted
    | ToolCallDelta
    | LogprobsReported
    | Extra
    | Finished,
) -> None:
    match event:
        case TextDelta(text):
            choice.text.append(text)
        case ThoughtDelta():
            choice.think(event)
        case RefusalDelta(text):
            choice.refusal.append(text)
        case MediaMade(media):
            choice.media.append(media)
        case ToolCallStarted(index):
            choice.calls.setdefault(index, event)
        case ToolCallDelta(index, arguments):
            choice.arguments.setdefault(index, []).append(arguments)
        case LogprobsReported(logprobs):
            choice.add_logprobs(logprobs)
        case Extra(name, value):
            choice.extra[name] = value
        case Finished():
            choice.finish = event
        case _:
            assert_never(event)
