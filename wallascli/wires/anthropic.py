"""Anthropic's Messages (``/v1/messages``): system apart, turns of typed blocks, named server-sent events.

The base URL is what stands before ``/v1``. The header ``anthropic-version`` belongs to the provider's row.
"""

from __future__ import annotations

from collections.abc import Sequence

from wallascli.vocab.chat import ChatRequest, Json
from wallascli.vocab.events import Event
from wallascli.vocab.models import Modality, ModelCard, Status
from wallascli.wires.anthropic_reader import EventReader, glance, read_whole
from wallascli.wires.anthropic_render import lacks, render
from wallascli.wires.anthropic_turns import NAME
from wallascli.wires.base import Glance, Quirks, Reader, Rendered, Wire, text_run
from wallascli.wires.bodies import count, loads, objects
from wallascli.wires.framing import Framing


class AnthropicOut:
    """Asking Anthropic, or a server that speaks as it does."""

    name = NAME
    framing = Framing.SSE
    listing_path = "/v1/models?limit=1000"

    def render(self, request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> Rendered:
        body, dropped = render(request, model, stream=stream, quirks=quirks)
        return Rendered("/v1/messages", body, tuple(dropped))

    def lacks(self, request: ChatRequest) -> tuple[str, ...]:
        return lacks(request)

    def reader(self) -> Reader:
        return EventReader()

    def glance(self, frame: bytes) -> Glance:
        return glance(frame)

    def text_run(self, frames: Sequence[bytes], start: int) -> int:
        return text_run(self.glance, frames, start)

    def glance_whole(self, body: bytes) -> Glance:
        return Glance.NOTHING

    def read_whole(self, body: bytes) -> list[Event]:
        return read_whole(body)

    def read_listing(self, body: bytes, provider: str) -> list[ModelCard]:
        return [_card(item, provider) for item in objects(loads(body), "data") if item.get("id")]


_STATUSES = {"deprecated": Status.DEPRECATED, "retired": Status.RETIRED}
_TAKES = {"image_input": Modality.IMAGE, "pdf_input": Modality.PDF}


def _card(item: Json, provider: str) -> ModelCard:
    """Older listings have only id and names (models-list-chatlas-ca4b82); then the rest stays unknown."""
    told = item.get("capabilities")
    can = {name: _supported(value) for name, value in told.items()} if isinstance(told, dict) else {}
    return ModelCard(
        provider=provider,
        id=str(item["id"]),
        status=_STATUSES.get(str(item.get("lifecycle")), Status.LIVE),
        context=count(item.get("max_input_tokens")),
        max_output=count(item.get("max_tokens")),
        takes=frozenset({Modality.TEXT} | {kind for name, kind in _TAKES.items() if can.get(name)}),
        structured=can.get("structured_outputs"),
        reasoning=can.get("thinking"),
        listed=True,
    )


def _supported(capability: object) -> bool:
    return bool(capability.get("supported")) if isinstance(capability, dict) else bool(capability)


OUT = AnthropicOut()
WIRE = Wire(name=NAME, outbound=OUT)
