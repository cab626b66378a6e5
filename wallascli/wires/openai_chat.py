"""OpenAI chat completions, in both directions: the dialect of most providers and most clients."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from wallascli.vocab.chat import ChatRequest, Json, Media, ToolCall, Usage
from wallascli.vocab.events import (
    Choice,
    Completion,
    Event,
    Extra,
    Finished,
    FinishReason,
    LogprobsReported,
    MediaMade,
    ProviderError,
    RefusalDelta,
    Started,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from wallascli.vocab.models import ModelCard
from wallascli.wires.base import CallerError, Glance, Label, Malformed, Quirks, Reader, Rendered, Wire, Writer
from wallascli.wires.framing import Framing, sse_data
from wallascli.wires.openai_join import join
from wallascli.wires.openai_listing import read_cards
from wallascli.wires.openai_reader import DONE, ODD, ChunkReader, loads, read_whole
from wallascli.wires.openai_render import render
from wallascli.wires.openai_request import NAME, parse


class OpenAIOut:
    """Asking a provider."""

    name = NAME
    framing = Framing.SSE
    listing_path = "/models"

    def render(self, request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> Rendered:
        body, dropped = render(request, model, stream=stream, quirks=quirks)
        return Rendered("/chat/completions", body, tuple(dropped))

    def lacks(self, request: ChatRequest) -> tuple[str, ...]:
        return ()

    def reader(self) -> Reader:
        return ChunkReader()

    def glance(self, frame: bytes) -> Glance:
        if frame.startswith(b"data: {"):
            try:
                return _glance(orjson.loads(frame[6:]))
            except ODD:
                pass  # several data lines, or malformed: looked at again below
        data = sse_data(frame)
        if data is None or not data:
            return Glance.NOTHING
        if data == DONE:
            return Glance.DONE
        chunk = loads(data)
        try:
            return _glance(chunk)
        except ODD as exc:
            raise Malformed(f"not a chunk: {data[:80]!r}") from exc

    def text_run(self, frames: Sequence[bytes], start: int) -> int:
        """Written out, as it runs once a chunk: one choice, and in it a piece of text and nothing else."""
        at = start
        try:
            for at in range(start, len(frames)):
                frame = frames[at]
                if not frame.startswith(b"data: {"):
                    return at
                chunk = orjson.loads(frame[6:])
                if "error" in chunk or "x_groq" in chunk or chunk.get("usage"):
                    return at
                (choice,) = chunk["choices"]
                delta = choice["delta"]
                text = delta["content"]
                if len(delta) != 1 or choice.get("finish_reason") or type(text) is not str or not text:
                    return at
        except ODD:
            return at
        return len(frames)

    def glance_whole(self, body: bytes) -> Glance:
        answer = loads(body)
        try:
            return _glance(answer, "message")
        except ODD as exc:
            raise Malformed(f"not an answer: {body[:80]!r}") from exc

    def read_whole(self, body: bytes) -> list[Event]:
        return read_whole(body)

    def read_listing(self, body: bytes, provider: str) -> list[ModelCard]:
        try:
            listed = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise Malformed(f"not JSON: {body[:80]!r}") from exc
        if isinstance(listed, dict):
            listed = listed.get("data")
        if not isinstance(listed, list):
            raise Malformed("a listing without data")
        return read_cards(listed, provider)


_CONTENT_KEYS = (
    ("content", Glance.TEXT),
    ("reasoning_content", Glance.THOUGHT),
    ("reasoning", Glance.THOUGHT),
    ("tool_calls", Glance.CALL),
    ("function_call", Glance.CALL),
    ("refusal", Glance.TEXT),
    ("audio", Glance.TEXT),
    ("images", Glance.TEXT),
)
# Plain integers: an IntFlag costs 0.3 µs an operation, and this runs once a chunk.
_TEXT, _FINISH, _USAGE, _ERROR = (int(g) for g in (Glance.TEXT, Glance.FINISH, Glance.USAGE, Glance.ERROR))
_FLAGS = tuple((key, int(flag)) for key, flag in _CONTENT_KEYS)
_GLANCES = tuple(Glance(i) for i in range(128))


def _glance(chunk: dict[str, Any], part: str = "delta") -> Glance:
    get, whole = chunk.get, part == "message"
    if get("error"):
        return Glance.ERROR
    seen = _USAGE if get("usage") else 0
    for choice in get("choices") or ():
        delta = choice.get(part)
        if delta:
            text = delta.get("content")
            if text and type(text) is str and (len(delta) == 1 or whole):
                seen |= _TEXT  # of a whole answer that is enough to know
            else:
                seen |= _delta_flags(delta)
        if choice.get("finish_reason"):
            seen |= _FINISH
    if groq := get("x_groq"):
        seen |= (_USAGE if groq.get("usage") else 0) | (_ERROR if groq.get("error") else 0)
    return _GLANCES[seen]


def _delta_flags(delta: dict[str, Any]) -> int:
    seen = 0
    for key, flag in _FLAGS:
        value = delta.get(key)
        if not value:
            continue
        if key == "content" and isinstance(value, list):
            flag = int(Glance.TEXT if any(p.get("text") for p in value) else Glance.THOUGHT)
        seen |= flag
    return seen


_REASON = {reason: reason.value for reason in FinishReason} | {FinishReason.ERROR: "stop"}


class OpenAIIn:
    """Answering a client."""

    name = NAME
    framing = Framing.SSE
    end_mark = b"data: " + DONE + b"\n\n"

    def parse(self, body: Json) -> ChatRequest:
        return parse(body)

    def writer(self, request: ChatRequest, label: Label) -> Writer:
        return ChunkWriter(label, include_usage=request.include_usage)

    def render_whole(self, completion: Completion, label: Label) -> bytes:
        body: dict[str, Any] = {
            "id": label.id,
            "object": "chat.completion",
            "created": label.created,
            "model": label.model,
            "choices": [
                _whole_choice(i, choice, label) for i, choice in enumerate(completion.choices or (Choice(),))
            ],
        }
        if completion.usage is not None:
            body["usage"] = usage_body(completion.usage)
        return orjson.dumps({**completion.extra, **body})

    def join(self, frames: Iterable[bytes]) -> bytes | None:
        try:
            return join(frames)
        except ODD:
            return None

    def render_error(self, error: CallerError) -> bytes:
        return orjson.dumps({"error": error_body(error)})

    def comment(self, text: str) -> bytes:
        return b": " + text.replace("\n", " ").encode() + b"\n\n"


def error_body(error: CallerError) -> dict[str, Any]:
    message = f"{error.message} ({error.hint})" if error.hint else error.message
    body: dict[str, Any] = {"message": message, "type": error.type, "param": error.param, "code": error.code}
    if error.attempts:
        body["attempts"] = [dict(attempt) for attempt in error.attempts]
    return body


def usage_body(usage: Usage) -> dict[str, Any]:
    body: dict[str, Any] = {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
    }
    prompt = {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_written}
    if told := {name: tokens for name, tokens in prompt.items() if tokens}:
        body["prompt_tokens_details"] = told
    if usage.reasoning:
        body["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    if usage.estimated:
        body["estimated"] = True
    return body


def _whole_choice(index: int, choice: Choice, label: Label) -> dict[str, Any]:
    silent = choice.tool_calls or choice.refusal
    message: dict[str, Any] = {"role": "assistant", "content": choice.text or (None if silent else "")}
    if choice.thought:
        message["reasoning_content"] = choice.thought
    if choice.refusal:
        message["refusal"] = choice.refusal
    if choice.tool_calls:
        message["tool_calls"] = [
            _whole_call(call, _call_id(call.id, label, index, number))
            for number, call in enumerate(choice.tool_calls)
        ]
    if pictures := [item for item in choice.media if item.kind != "audio"]:
        message["images"] = [_picture(item.mime, item.base64, item.url) for item in pictures]
    message |= choice.extra
    if sound := [item for item in choice.media if item.kind == "audio"]:
        message["audio"] = _sound(sound) | message.get("audio", {})
    reason = _REASON[choice.finish.reason] if choice.finish else "stop"
    return {"index": index, "message": message, "logprobs": choice.logprobs, "finish_reason": reason}


def _whole_call(call: ToolCall, call_id: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _call_id(told: str, label: Label, choice: int, number: int) -> str:
    """Some servers give none (Gemini's compatible route, its recordings), but a result must name its call."""
    return told or f"call_{label.id}_{choice}_{number}"


def _sound(pieces: Sequence[Media]) -> dict[str, Any]:
    """What has no word of ours (transcript, expiry) comes beside it as an ``Extra``."""
    first, *more = pieces
    content = b64encode(b"".join(b64decode(piece.base64) for piece in pieces)).decode() if more else first.base64
    return {"id": first.name, "data": content, "transcript": ""}


def _picture(mime: str, base64: str, url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url or f"data:{mime};base64,{base64}"}}


class ChunkWriter:
    """One client stream: one id, one model, one role delta, whoever answers."""

    __slots__ = ("_head", "_include_usage", "_label", "_roles", "_usage")

    def __init__(self, label: Label, *, include_usage: bool) -> None:
        head = {
            "id": label.id,
            "object": "chat.completion.chunk",
            "created": label.created,
            "model": label.model,
        }
        self._head = b"data: " + orjson.dumps(head)[:-1]
        self._label = label
        self._include_usage = include_usage
        self._roles: set[int] = set()
        self._usage: Usage | None = None

    def write(self, events: Iterable[Event]) -> bytes:
        return b"".join(piece for event in events for piece in self._event(event))

    def _event(self, event: Event) -> Iterator[bytes]:
        match event:
            case TextDelta(text, choice):
                yield self._delta(choice, b'{"content":' + orjson.dumps(text) + b"}")
            case UsageReported(usage):
                self._usage = usage
            case Finished(reason, choice=choice):
                yield self._delta(choice, b"{}", orjson.dumps(_REASON[reason]))
            case ToolCallStarted(number, "", choice=choice):
                named = replace(event, id=_call_id("", self._label, choice, number))
                yield self._delta(choice, orjson.dumps(_delta(named)))
            case Started() | ProviderError():
                pass
            case Extra(choice=choice) if choice < 0:
                pass
            case _:
                yield self._delta(event.choice, orjson.dumps(_delta(event)))

    def _delta(self, choice: int, delta: bytes, reason: bytes = b"null") -> bytes:
        usage = b',"usage":null}\n\n' if self._include_usage else b"}\n\n"
        tail = b',"logprobs":null,"finish_reason":' + reason + b"}]" + usage
        start = self._head + b',"choices":[{"index":%d,"delta":' % choice
        if choice in self._roles:
            return start + delta + tail
        self._roles.add(choice)
        role = start + b'{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]' + usage
        return role + start + delta + tail

    def fail(self, error: CallerError) -> bytes:
        return b"data: " + orjson.dumps({"error": error_body(error)}) + b"\n\n" + OpenAIIn.end_mark

    def end(self) -> bytes:
        if not (self._include_usage and self._usage):
            return OpenAIIn.end_mark
        figures = orjson.dumps(usage_body(self._usage))
        return self._head + b',"choices":[],"usage":' + figures + b"}\n\n" + OpenAIIn.end_mark


def _delta(
    event: ThoughtDelta | RefusalDelta | MediaMade | ToolCallStarted | ToolCallDelta | LogprobsReported | Extra,
) -> dict[str, Any]:
    match event:
        case ThoughtDelta(text):
            return {"reasoning_content": text}
        case RefusalDelta(text):
            return {"refusal": text}
        case MediaMade(media) if media.kind == "audio":
            return {"audio": {"id": media.name, "data": media.base64}}
        case MediaMade(media):
            return {"images": [_picture(media.mime, media.base64, media.url)]}
        case ToolCallStarted(index, call_id, name):
            function = {"name": name, "arguments": ""}
            return {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": function}]}
        case ToolCallDelta(index, arguments):
            return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}
        case Extra(name, value):
            return {name: value}
        case LogprobsReported(logprobs):
            return {"logprobs": logprobs}


OUT = OpenAIOut()
IN = OpenAIIn()
WIRE = Wire(NAME, inbound=IN, outbound=OUT)
