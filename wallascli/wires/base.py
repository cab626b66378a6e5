"""What a dialect is: two optional halves. Clients speak ``Inbound``, providers ``Outbound``.

All of it is pure: bytes and parsed JSON in, words out, or the other way round. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any, Protocol

from wallascli.vocab.chat import ChatRequest, Json
from wallascli.vocab.events import Completion, ErrorFacts, Event
from wallascli.vocab.models import ModelCard
from wallascli.wires.framing import Framing


class Malformed(ValueError):
    """A frame or a body that is not what its wire says it is. Text may have been lost with it."""


class Glance(IntFlag):
    """What one frame of a verbatim stream carries, seen without reading it into words.

    ``NOTHING`` is a comment, a lone role, padding: it satisfies no deadline and commits nothing.
    """

    NOTHING = 0
    TEXT = 1
    THOUGHT = 2
    CALL = 4
    USAGE = 8
    FINISH = 16
    ERROR = 32
    DONE = 64
    CONTENT = TEXT | THOUGHT | CALL


class CallIds(IntFlag):
    """What ids of tool calls a provider takes back from another provider's history."""

    ANY = 0
    NINE_ALPHANUMERIC = 1


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a provider or a model departs from its wire, as data; the row that sets one holds the evidence."""

    drops: frozenset[str] = frozenset()
    """Request fields (the wire's own names) that are refused there: removed, and reported as dropped."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Request fields that go by another name there."""
    flat_content: bool = False
    """Lists of text parts must become one string."""
    call_ids: CallIds = CallIds.ANY
    stream_usage: bool = True
    """Knows ``stream_options.include_usage``."""
    message_fields: frozenset[str] = frozenset()
    """If set: the only fields a message may have; others are a 4xx there."""
    plain_with: frozenset[str] = frozenset()
    """Request fields beside which it refuses to stream: asked for a whole answer instead."""
    content_with_calls: str | None = None
    """What ``content`` must be beside tool calls where ``null`` is refused."""
    adjust: Callable[[dict[str, Any]], tuple[str, ...]] | None = None
    """Last hand on a rendered body, in place; returns what it dropped. Only where data will not do."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A request in a provider's dialect. ``path`` stands after the provider's base URL."""

    path: str
    body: dict[str, Any]
    dropped: tuple[str, ...] = ()


class Reader(Protocol):
    """One upstream stream's state. Fed whole frames; a frame may give no event, one, or several."""

    def feed(self, frame: bytes) -> list[Event]:
        """Raises ``Malformed``."""
        ...

    def end(self) -> list[Event]:
        """The body ended: what is still to be said, such as the finish reason held back until now."""
        ...


def text_run(glance: Callable[[bytes], Glance], frames: Sequence[bytes], start: int) -> int:
    """``Outbound.text_run`` for a dialect that needs no faster one."""
    at = start
    try:
        while at < len(frames) and glance(frames[at]) is Glance.TEXT:
            at += 1
    except Malformed:
        pass  # looked at again, and judged, by itself
    return at


class Outbound(Protocol):
    """The half that asks providers."""

    @property
    def name(self) -> str: ...

    @property
    def framing(self) -> Framing: ...

    @property
    def listing_path(self) -> str:
        """Where models are listed, after the base URL."""
        ...

    def render(self, request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> Rendered:
        """Every field that is set is in the body or named in ``dropped`` (P3)."""
        ...

    def lacks(self, request: ChatRequest) -> tuple[str, ...]:
        """What this wire cannot say at all of ``request`` and must not lose: it is not routed here."""
        ...

    def reader(self) -> Reader: ...

    def glance(self, frame: bytes) -> Glance:
        """Raises ``Malformed`` if the frame does not parse."""
        ...

    def text_run(self, frames: Sequence[bytes], start: int) -> int:
        """Where the frames from ``start`` on stop to be pieces of text and nothing else. Never raises."""
        ...

    def glance_whole(self, body: bytes) -> Glance:
        """What a plain answer carries, seen without reading it into words; ``NOTHING`` asks for the long look.

        Raises ``Malformed``.
        """
        ...

    def read_whole(self, body: bytes) -> list[Event]:
        """A plain (non-streamed) answer as events; a ``ProviderError`` if it is one. Raises ``Malformed``."""
        ...

    def read_listing(self, body: bytes, provider: str) -> list[ModelCard]:
        """The models of a listing. Raises ``Malformed``."""
        ...


@dataclass(frozen=True, slots=True)
class Label:
    """What an answer is called on the client's wire. ``created`` in epoch seconds."""

    id: str
    model: str
    created: int


@dataclass(frozen=True, slots=True)
class CallerError:
    """An error as a caller sees it, before a dialect gives it its shape."""

    status: int
    code: str
    type: str
    message: str
    param: str | None = None
    hint: str = ""
    attempts: tuple[Mapping[str, Any], ...] = ()


class Writer(Protocol):
    """One client stream's state: words in, bytes of its wire out."""

    def write(self, events: Iterable[Event]) -> bytes: ...

    def fail(self, error: CallerError) -> bytes:
        """An error event and a proper end, for an answer that cannot go on."""
        ...

    def end(self) -> bytes: ...


class Inbound(Protocol):
    """The half that answers clients."""

    @property
    def name(self) -> str: ...

    @property
    def framing(self) -> Framing: ...

    @property
    def end_mark(self) -> bytes:
        """What must stand at the end of a stream, where the wire has such a thing (``data: [DONE]``)."""
        ...

    def parse(self, body: Json) -> ChatRequest:
        """Raises ``NotUnderstood``, naming the field."""
        ...

    def writer(self, request: ChatRequest, label: Label) -> Writer: ...

    def render_whole(self, completion: Completion, label: Label) -> bytes: ...

    def join(self, frames: Iterable[bytes]) -> bytes | None:
        """The plain answer that a stream of this wire amounts to, with what has no word of ours.

        ``None`` where the words of it say all that a plain answer would.
        """
        ...

    def render_error(self, error: CallerError) -> bytes: ...

    def comment(self, text: str) -> bytes:
        """A line that clients skip, or nothing where they do not (Gemini)."""
        ...


@dataclass(frozen=True, slots=True)
class Wire:
    """A dialect by name."""

    name: str
    inbound: Inbound | None = None
    outbound: Outbound | None = None


__all__ = [
    "CallIds",
    "CallerError",
    "ErrorFacts",
    "Glance",
    "Inbound",
    "Label",
    "Malformed",
    "Outbound",
    "Quirks",
    "Reader",
    "Rendered",
    "Wire",
    "Writer",
]
