"""Ollama's native chat (``/api/chat``): newline-delimited JSON, tool calls whole, arguments as objects.

The base URL is what stands before ``/api``. Facts: ollama/ollama's API of 2026-08 and recordings of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from wallascli.vocab.chat import ChatRequest, Json, Usage
from wallascli.vocab.events import (
    Event,
    Finished,
    FinishReason,
    LogprobsReported,
    ProviderError,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.vocab.models import Modality, ModelCard, Operation, runs_elsewhere
from wallascli.wires.base import Glance, Malformed, Quirks, Reader, Rendered, Wire, text_run
from wallascli.wires.bodies import count, loads, objects
from wallascli.wires.errors import error_facts
from wallascli.wires.framing import Framing
from wallascli.wires.ollama_render import NAME, lacks, render

# ``load`` and ``unload`` answer a request without messages; the answer is whole, and empty.
_REASONS = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


class OllamaOut:
    """Asking an Ollama server."""

    name = NAME
    framing = Framing.NDJSON
    listing_path = "/api/tags"

    def render(self, request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> Rendered:
        body, dropped = render(request, model, stream=stream, quirks=quirks)
        return Rendered("/api/chat", body, tuple(dropped))

    def lacks(self, request: ChatRequest) -> tuple[str, ...]:
        return lacks(request)

    def reader(self) -> Reader:
        return LineReader()

    def glance(self, frame: bytes) -> Glance:
        return _glance(loads(frame)) if frame.strip() else Glance.NOTHING

    def text_run(self, frames: Sequence[bytes], start: int) -> int:
        return text_run(self.glance, frames, start)

    def glance_whole(self, body: bytes) -> Glance:
        return Glance.NOTHING

    def read_whole(self, body: bytes) -> list[Event]:
        """One object, or the lines of a stream from a server that streams whatever it is asked."""
        if not body.strip():
            raise Malformed("an empty body")
        reader = LineReader()
        try:
            return reader.feed(body)
        except Malformed:
            lines = body.splitlines()
            if len(lines) < 2:
                raise
        return [event for line in lines for event in reader.feed(line)]

    def read_listing(self, body: bytes, provider: str) -> list[ModelCard]:
        return [_card(item, provider) for item in objects(loads(body), "models") if _name(item)]


class LineReader:
    """One stream's state. A stream without ``done`` gives no ``Finished``: it was cut."""

    __slots__ = ("_calls", "_started")

    def __init__(self) -> None:
        self._started = False
        self._calls = 0

    def feed(self, frame: bytes) -> list[Event]:
        if not frame.strip():
            return []
        return list(self._line(loads(frame), frame))

    def end(self) -> list[Event]:
        return []

    def _line(self, line: dict[str, Any], frame: bytes) -> Iterator[Event]:
        if line.get("error"):
            yield ProviderError(error_facts(line, frame.strip()))
            return
        if not self._started:
            self._started = True
            yield Started(model=str(line.get("model") or ""), created=_epoch(line.get("created_at")))
        message = _message(line)
        if message.get("thinking"):
            yield ThoughtDelta(str(message["thinking"]))
        if message.get("content"):
            yield TextDelta(str(message["content"]))
        if message.get("tool_calls"):
            yield from self._tool_calls(frame)
        if line.get("logprobs"):
            # Its entries have OpenAI's shape: token, logprob, bytes, top_logprobs.
            yield LogprobsReported({"content": line["logprobs"]})
        if line.get("done"):
            yield from self._done(line)

    def _tool_calls(self, frame: bytes) -> Iterator[Event]:
        # Read again by the standard library: orjson makes floats of integers beyond 64 bits.
        line = json.loads(frame)
        calls = line["message"]["tool_calls"]
        if not isinstance(calls, list):
            raise Malformed("tool calls that are no list")
        for call in calls:
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                raise Malformed("a tool call without a function")
            name, arguments = str(function.get("name") or ""), _arguments(function.get("arguments"))
            # Servers before 2026 give no id. Ours must differ from turn to turn, so the time goes into it.
            seed = f"{line.get('created_at')} {self._calls} {name} {arguments}"
            call_id = call.get("id") or f"call_{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
            yield ToolCallStarted(self._calls, str(call_id), name)
            yield ToolCallDelta(self._calls, arguments)
            self._calls += 1

    def _done(self, line: dict[str, Any]) -> Iterator[Event]:
        if "eval_count" in line or "prompt_eval_count" in line:
            yield UsageReported(_usage(line))
        raw = str(line.get("done_reason") or "stop")
        reason = _REASONS.get(raw, FinishReason.STOP)
        if self._calls and reason is FinishReason.STOP:
            # Never "tool_calls" here: chat-tools-stream-qwen3-4b-rig-14b959 ends two calls with "stop".
            reason = FinishReason.TOOL_CALLS
        yield Finished(reason, raw)


def _message(line: Json) -> Json:
    message = line.get("message")
    if message is None:
        return {}
    if not isinstance(message, dict):
        raise Malformed("a message that is no object")
    return message


def _arguments(value: Any) -> str:
    if isinstance(value, str):
        return value or "{}"
    return json.dumps(value or {}, ensure_ascii=False, separators=(",", ":"))


def _usage(line: Json) -> Usage:
    """``prompt_eval_count`` is missing when the whole prompt was cached (chat-llama3-openllmetry-83f33e)."""
    return Usage(input=count(line.get("prompt_eval_count")) or 0, output=count(line.get("eval_count")) or 0)


def _epoch(created_at: Any) -> int:
    try:
        return int(datetime.fromisoformat(str(created_at)).timestamp())
    except (ValueError, OverflowError):
        return 0


def _glance(line: Json) -> Glance:
    if line.get("error"):
        return Glance.ERROR
    message = _message(line)
    seen = _CONTENT[bool(message.get("content")), bool(message.get("thinking")), bool(message.get("tool_calls"))]
    if line.get("done"):
        seen |= Glance.FINISH | Glance.DONE
        if "eval_count" in line or "prompt_eval_count" in line:
            seen |= Glance.USAGE
    return seen


# Every line of a stream is glanced at, and joining flags costs more than parsing the line: joined here once.
_CONTENT = {
    (text, thought, call): Glance(Glance.TEXT * text + Glance.THOUGHT * thought + Glance.CALL * call)
    for text in (False, True)
    for thought in (False, True)
    for call in (False, True)
}


def _name(item: Json) -> str:
    return str(item.get("name") or item.get("model") or "")


_TAKES = {"vision": Modality.IMAGE, "audio": Modality.AUDIO}


def _card(item: Json, provider: str) -> ModelCard:
    name, told = _name(item), item.get("capabilities")
    details = found if isinstance(found := item.get("details"), dict) else {}
    can = frozenset(map(str, told) if isinstance(told, list) else _guessed(details))
    return ModelCard(
        provider=provider,
        id=name,
        operation=_operation(can),
        # The model's own window. The server uses less unless told (4k below 24 GiB of video memory) and cuts
        # longer prompts silently; that is its owner's choice (OLLAMA_CONTEXT_LENGTH, num_ctx), not ours.
        context=count(details.get("context_length")),
        takes=frozenset({Modality.TEXT} | {_TAKES[word] for word in can & _TAKES.keys()}),
        tools="tools" in can if isinstance(told, list) else None,
        reasoning="thinking" in can if isinstance(told, list) else None,
        leaves_machine=_leaves_machine(item, name),
        listed=True,
    )


def _guessed(details: Json) -> list[str]:
    """Servers without ``capabilities``: families that say it plainly (models-list-rig-886bd6: bert, clip)."""
    listed = details.get("families")
    families = {str(details.get("family")), *map(str, listed if isinstance(listed, list) else ())}
    if any(family.endswith("bert") for family in families):
        return ["embedding"]
    return ["completion", "vision"] if families & {"clip", "mllama"} else ["completion"]


def _operation(can: frozenset[str]) -> Operation:
    if "completion" in can or not can:
        return Operation.CHAT
    return next((kind for word, kind in _OPERATIONS.items() if word in can), Operation.CHAT)


_OPERATIONS = {"embedding": Operation.EMBED, "image": Operation.IMAGE}


def _leaves_machine(item: Json, name: str) -> bool:
    """Any sign is enough: P4 would rather lose a local model than send a private prompt away."""
    names = (name, str(item.get("model") or ""))
    return bool(item.get("remote_host") or item.get("remote_model")) or any(map(runs_elsewhere, names))


OUT = OllamaOut()
WIRE = Wire(name=NAME, outbound=OUT)
