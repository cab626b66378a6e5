"""The Gemini dialect, asking half. A base URL ends before ``/models/{model}:generateContent``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from wallascli.vocab.chat import ChatRequest, Media, Message, Role, ToolResult
from wallascli.vocab.events import Event
from wallascli.vocab.models import Modality, ModelCard, Operation
from wallascli.wires.base import Glance, Malformed, Quirks, Reader, Rendered, Wire, text_run
from wallascli.wires.framing import Framing
from wallascli.wires.gemini_contents import NAME, fetched
from wallascli.wires.gemini_reader import ChunkReader, chunks, payload, read_whole
from wallascli.wires.gemini_render import render

_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


class GeminiOut:
    """Asking a provider."""

    name = NAME
    framing = Framing.SSE
    listing_path = "/models?pageSize=1000"

    def render(self, request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> Rendered:
        model = model.removeprefix("models/")
        body, dropped = render(request, model, quirks)
        # Without ``alt=sse`` a stream is one JSON array.
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return Rendered(f"/models/{quote(model, safe='')}:{method}", body, dropped)

    def lacks(self, request: ChatRequest) -> tuple[str, ...]:
        if request.origin is not None and request.origin.wire == NAME:
            return ()
        said = [word for message in request.messages for word in _unsayable(message)]
        said += [f"a tool named {t.name!r}" for t in request.tools if not _TOOL_NAME.fullmatch(t.name)]
        return tuple(dict.fromkeys(said))

    def reader(self) -> Reader:
        return ChunkReader()

    def glance(self, frame: bytes) -> Glance:
        data = payload(frame)
        if data is None:
            return Glance.NOTHING
        try:
            seen = 0
            for chunk in chunks(data):
                seen |= _seen(chunk)
            return _GLANCES[seen]
        except (AttributeError, TypeError) as exc:
            raise Malformed(f"not shaped like an answer: {data[:80]!r}") from exc

    def text_run(self, frames: Sequence[bytes], start: int) -> int:
        return text_run(self.glance, frames, start)

    def glance_whole(self, body: bytes) -> Glance:
        return Glance.NOTHING

    def read_whole(self, body: bytes) -> list[Event]:
        return read_whole(body)

    def read_listing(self, body: bytes, provider: str) -> list[ModelCard]:
        listed = [item for page in chunks(body) for item in page.get("models") or ()]
        if not listed and not any("models" in page for page in chunks(body)):
            raise Malformed("a listing without models")
        cards = (_card(item, provider) for item in listed if isinstance(item, dict))
        return [card for card in cards if card is not None]


def _unsayable(message: Message) -> list[str]:
    """Media that would have to be lost. Google fetches nothing from the open web but YouTube."""
    media = [part for part in message.parts if isinstance(part, Media)]
    media += [
        m for part in message.parts if isinstance(part, ToolResult) for m in part.parts if isinstance(m, Media)
    ]
    if message.role in (Role.SYSTEM, Role.DEVELOPER):
        return [f"{m.kind} in a system message" for m in media]
    return [f"{m.kind} by {'url' if m.url else 'file_id'}" for m in media if not fetched(m)]


# Plain integers: an IntFlag costs 0.3 µs an operation, and this runs once a chunk.
_TEXT, _THOUGHT, _CALL, _USAGE, _FINISH, _ERROR = (
    int(g) for g in (Glance.TEXT, Glance.THOUGHT, Glance.CALL, Glance.USAGE, Glance.FINISH, Glance.ERROR)
)
_GLANCES = tuple(Glance(i) for i in range(128))


def _seen(chunk: dict[str, Any]) -> int:
    if chunk.get("error"):
        return _ERROR
    seen = _USAGE if chunk.get("usageMetadata") else 0
    if (chunk.get("promptFeedback") or {}).get("blockReason"):
        seen |= _FINISH
    for candidate in chunk.get("candidates") or ():
        for part in (candidate.get("content") or {}).get("parts") or ():
            seen |= _seen_in(part)
        if candidate.get("finishReason"):
            seen |= _FINISH
    return seen


def _seen_in(part: dict[str, Any]) -> int:
    if part.get("thought"):
        return _THOUGHT if part.get("text") else 0
    if part.get("text") or "inlineData" in part:
        return _TEXT
    return _CALL if "functionCall" in part else 0


# What a model is for: by its name where that tells, else by its methods. Others (aqa, live) cannot be asked here.
_BY_NAME = (
    ("-tts", Operation.SPEAK),
    ("-transcribe", Operation.TRANSCRIBE),
    ("-image", Operation.IMAGE),
    ("nano-banana", Operation.IMAGE),
    ("lyria", Operation.MUSIC),
)
_BY_METHOD = (
    ("generateContent", Operation.CHAT),
    ("embedContent", Operation.EMBED),
    ("predictLongRunning", Operation.VIDEO),
    ("predict", Operation.IMAGE),
)
# The listing does not say; recordings from 1.5 to 3.5 take all of it, and Google's pages say so for each.
_ALL_EARS = frozenset(Modality)


def _card(item: dict[str, Any], provider: str) -> ModelCard | None:
    model = str(item.get("name", "")).removeprefix("models/")
    methods = item.get("supportedGenerationMethods") or ()
    operation = next((found for method, found in _BY_METHOD if method in methods), None)
    if not model or operation is None:
        return None
    operation = next((found for mark, found in _BY_NAME if mark in model), operation)
    hears = operation is Operation.CHAT and model.startswith("gemini-")
    return ModelCard(
        provider,
        model,
        operation=operation,
        context=item.get("inputTokenLimit"),
        max_output=item.get("outputTokenLimit"),
        takes=_ALL_EARS if hears else frozenset({Modality.TEXT}),
        reasoning=item.get("thinking"),
        listed=True,
    )


OUT = GeminiOut()
WIRE = Wire(NAME, outbound=OUT)
