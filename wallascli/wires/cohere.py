"""The Cohere dialect (v2 chat), asking half. A base URL ends before ``/v2/chat``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.events import Event
from wallascli.vocab.models import Modality, ModelCard, Operation, Status
from wallascli.wires.base import Glance, Malformed, Quirks, Reader, Rendered, Wire, text_run
from wallascli.wires.cohere_reader import DONE, EventReader, is_error, loads, payload, read_whole
from wallascli.wires.cohere_render import NAME, render, unsayable
from wallascli.wires.framing import Framing

_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class CohereOut:
    """Asking a provider."""

    name = NAME
    framing = Framing.SSE
    listing_path = "/v1/models?page_size=1000&endpoint=chat"

    def render(self, request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> Rendered:
        body, dropped = render(request, model, stream=stream, quirks=quirks)
        return Rendered("/v2/chat", body, dropped)

    def lacks(self, request: ChatRequest) -> tuple[str, ...]:
        said = [word for message in request.messages for word in unsayable(message)]
        said += [f"a tool named {t.name!r}" for t in request.tools if not _TOOL_NAME.fullmatch(t.name)]
        wish = request.response_format
        if request.tools and wish is not None and wish.kind != "text":
            said.append("response_format together with tools")
        return tuple(dict.fromkeys(said))

    def reader(self) -> Reader:
        return EventReader()

    def glance(self, frame: bytes) -> Glance:
        data = payload(frame)
        if data is None:
            return Glance.NOTHING
        if data == DONE:
            return Glance.DONE
        return _glance(loads(data))

    def text_run(self, frames: Sequence[bytes], start: int) -> int:
        return text_run(self.glance, frames, start)

    def glance_whole(self, body: bytes) -> Glance:
        return Glance.NOTHING

    def read_whole(self, body: bytes) -> list[Event]:
        return read_whole(body)

    def read_listing(self, body: bytes, provider: str) -> list[ModelCard]:
        listed = loads(body).get("models")
        if not isinstance(listed, list):
            raise Malformed("a listing without models")
        cards = (_card(item, provider) for item in listed if isinstance(item, dict))
        return [card for card in cards if card is not None]


_GLANCES = {
    "tool-plan-delta": Glance.THOUGHT,
    "tool-call-start": Glance.CALL,
    "tool-call-delta": Glance.CALL,
    "message-end": Glance.FINISH | Glance.USAGE,
}


def _glance(event: dict[str, Any]) -> Glance:
    if is_error(event):
        return Glance.ERROR
    kind = event.get("type")
    if kind not in ("content-start", "content-delta"):
        seen = _GLANCES.get(str(kind), Glance.NOTHING)
        failed = kind == "message-end" and (event.get("delta") or {}).get("error")
        return seen | Glance.ERROR if failed else seen
    try:
        content = event["delta"]["message"]["content"]
        return Glance.TEXT if content.get("text") else Glance.THOUGHT if content.get("thinking") else Glance.NOTHING
    except (AttributeError, KeyError, TypeError) as exc:
        raise Malformed("content without content") from exc


_OPERATIONS = (
    ("chat", Operation.CHAT),
    ("embed", Operation.EMBED),
    ("rerank", Operation.RERANK),
    ("transcriptions", Operation.TRANSCRIBE),
)


def _card(item: dict[str, Any], provider: str) -> ModelCard | None:
    endpoints = item.get("endpoints") or ()
    operation = next((found for endpoint, found in _OPERATIONS if endpoint in endpoints), None)
    if not item.get("name") or operation is None:
        return None
    features = item.get("features")
    sees = "vision" in (features or ())
    context = item.get("context_length")
    return ModelCard(
        provider,
        str(item["name"]),
        operation=operation,
        status=Status.DEPRECATED if item.get("is_deprecated") else Status.LIVE,
        context=int(context) if context else None,
        takes=frozenset({Modality.TEXT, Modality.IMAGE} if sees else {Modality.TEXT}),
        tools=None if features is None else "tools" in features,
        structured=None if features is None else bool({"json_schema", "json_mode"} & set(features)),
        reasoning=None if features is None else "reasoning" in features,
        listed=True,
    )


OUT = CohereOut()
WIRE = Wire(NAME, outbound=OUT)
