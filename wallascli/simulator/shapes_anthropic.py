"""The Anthropic Messages wire: named events, blocks with an index, padding before the last brace, pings."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wallascli.simulator import asked_anthropic
from wallascli.simulator.js import JsonObject, compact
from wallascli.simulator.routes import Target
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told
from wallascli.simulator.words import pieces

FINISH = {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens", "filter": "refusal"}
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
SIGNATURE = "c2ltdWxhdGVkIHNpZ25hdHVyZQ=="
ARGUMENT_LETTERS = 9


def _finish(told: Told) -> JsonObject:
    answer = told.answer
    reason = "stop_sequence" if answer.stop_hit and answer.finish == "stop" else answer.finish
    return {"stop_reason": FINISH.get(reason, reason), "stop_sequence": answer.stop_hit, "stop_details": None}


def _usage(told: Told, said: int) -> JsonObject:
    if told.says("nousage"):
        return {}
    return {
        "input_tokens": told.question.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"thinking_tokens": len(told.answer.thoughts)},
        "service_tier": "standard",
    }


def _message(told: Told, content: list[JsonObject], finish: JsonObject, said: int) -> JsonObject:
    message: JsonObject = {
        "model": told.target.model,
        "id": f"msg_sim{told.serial:021d}",
        "type": "message",
        "role": "assistant",
        "content": content,
    }
    return message | finish | {"usage": _usage(told, said)}


def _call_id(told: Told, nth: int) -> str:
    return f"toolu_sim{told.serial * 100 + nth:019d}"


def _said(told: Told) -> tuple[str, ...]:
    return told.answer.texts[0] if told.answer.texts else ()


def whole(told: Told) -> JsonObject:
    """A whole message."""
    answer = told.answer
    content: list[JsonObject] = []
    if answer.thoughts:
        content.append({"type": "thinking", "thinking": "".join(answer.thoughts), "signature": SIGNATURE})
    if _said(told):
        content.append({"type": "text", "text": "".join(_said(told))})
    for nth, call in enumerate(answer.calls):
        content.append(
            {"type": "tool_use", "id": _call_id(told, nth), "name": call.name, "input": json.loads(call.arguments)}
        )
    finish: JsonObject = {"stop_reason": None} if told.says("nofinish") else _finish(told)
    return _message(told, content, finish, answer.tokens)


def stream(told: Told) -> Iterator[Piece]:
    """The events of a streamed message."""
    nothing: JsonObject = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    yield _event({"type": "message_start", "message": _message(told, [], nothing, 1)}, Part.OPEN)
    for index, (block, deltas) in enumerate(_blocks(told)):
        yield _event({"type": "content_block_start", "index": index, "content_block": block}, _joint(index))
        if index == 0:
            yield Piece('{"type": "ping"}', _joint(index), "ping")
        for delta in deltas:
            # The first piece of a call's input is empty, and so is a thinking delta at times (both recorded).
            empty = not any(value for name, value in delta.items() if name != "type")
            part = Part.JOINT if empty or delta["type"] == "signature_delta" else Part.CONTENT
            yield _event({"type": "content_block_delta", "index": index, "delta": delta}, part)
        yield _event({"type": "content_block_stop", "index": index}, Part.JOINT)
    if not told.says("nofinish"):
        usage = _usage(told, told.answer.tokens)
        ending: JsonObject = {"type": "message_delta", "delta": _finish(told)}
        yield _event(ending | ({"usage": usage} if usage else {}), Part.CLOSE)
    if not told.says("nodone"):
        yield _event({"type": "message_stop"}, Part.CLOSE)


def _joint(index: int) -> Part:
    return Part.OPEN if index == 0 else Part.JOINT


def _blocks(told: Told) -> Iterator[tuple[JsonObject, list[JsonObject]]]:
    answer = told.answer
    if answer.thoughts:
        thinking: list[JsonObject] = [
            {"type": "thinking_delta", "thinking": thought} for thought in answer.thoughts
        ]
        signature: JsonObject = {"type": "signature_delta", "signature": SIGNATURE}
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*thinking, signature]
    if _said(told):
        yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": text} for text in _said(told)]
    for nth, call in enumerate(answer.calls):
        parts = ["", *(pieces(call.arguments, ARGUMENT_LETTERS) if call.arguments != "{}" else [])]
        yield (
            {"type": "tool_use", "id": _call_id(told, nth), "name": call.name, "input": {}},
            [{"type": "input_json_delta", "partial_json": part} for part in parts],
        )


def _event(body: JsonObject, part: Part) -> Piece:
    text = compact(body)
    # Recorded streams carry padding before the last brace; a reader must not mind.
    return Piece(text[:-1] + " " * (len(text) % 16) + "}", part, str(body["type"]))


def error(failure: Failure) -> JsonObject:
    """Anthropic's error."""
    message = {
        "badkey": "invalid x-api-key",
        "nomodel": f"model: {failure.target.model}",
        "toolong": "prompt is too long: 210000 tokens > 200000 maximum",
        "overloaded": "Overloaded",
        "server": "Internal server error",
    }.get(failure.reason, failure.message)
    kind = ERRORS.get(failure.status, "api_error" if failure.status >= 500 else "invalid_request_error")
    if failure.reason == "overloaded":
        kind = "overloaded_error"
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_sim"}


def error_pieces(failure: Failure, told: Told) -> Iterator[Piece]:
    """An error inside a stream."""
    body = error(failure)
    yield Piece(compact({"type": "error", "error": body["error"]}), Part.CLOSE, "error")


def other(target: Target, names: tuple[str, ...], body: JsonObject) -> JsonObject:
    """GET /v1/models, and count_tokens."""
    if target.operation == "count":
        return {"input_tokens": asked_anthropic.read(target, body, False).prompt_tokens}
    listed = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-11-01T00:00:00Z"} for name in names
    ]
    ends: JsonObject = (
        {"first_id": names[0], "last_id": names[-1]} if names else {"first_id": None, "last_id": None}
    )
    return {"data": listed, "has_more": False} | ends


SHAPE = Shape("anthropic", asked_anthropic.read, stream, whole, error, error_pieces, other)
