"""Ollama's own wire: newline-delimited JSON, whole calls with an object of arguments, errors as a string."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from wallascli.simulator.js import JsonObject, arr, compact, obj, strings, txt, whole
from wallascli.simulator.question import Call, Malformed, Question, Tool, Turn, media
from wallascli.simulator.routes import Target
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told

FINISH = {"calls": "stop", "filter": "stop", "refusal": "stop"}
ROLES = ("system", "user", "assistant", "tool")
NANOSECONDS = 1_000_000
VERSION = "0.20.1"


def read(target: Target, body: JsonObject, checked: bool) -> Question:
    """The question in a request body. Raises Malformed."""
    options, form = obj(body.get("options")), body.get("format")
    if checked and not target.model:
        raise Malformed("model is required")
    return Question(
        turns=tuple(_turn(obj(message), checked) for message in arr(body.get("messages"))),
        stream=body.get("stream") is not False,
        tools=tuple(
            Tool(txt(function.get("name")), function.get("parameters"))
            for tool in arr(body.get("tools"))
            if (function := obj(obj(tool).get("function")))
        ),
        json=bool(form),
        schema=form if isinstance(form, dict) else None,
        limit=limit if (limit := whole(options.get("num_predict"))) and limit > 0 else None,
        stops=strings(options.get("stop")),
        logprobs=(whole(body.get("top_logprobs")) or 0) if body.get("logprobs") is True else None,
        think=bool(body.get("think")),
    )


def _turn(message: JsonObject, checked: bool) -> Turn:
    role, calls = txt(message.get("role")), arr(message.get("tool_calls"))
    functions = [obj(obj(call).get("function")) for call in calls]
    if checked and role not in ROLES:
        raise Malformed(f"invalid role: {role}")
    if checked and any(not isinstance(function.get("arguments"), dict) for function in functions):
        raise Malformed("json: cannot unmarshal string into Go struct field of type api.ToolCallFunctionArguments")
    if checked and not isinstance(message.get("content", ""), str):
        raise Malformed(
            "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"
        )
    return Turn(
        role,
        txt(message.get("content")),
        tuple(Call(txt(one.get("name")), compact(obj(one.get("arguments")))) for one in functions),
        tuple(media("image", txt(image)) for image in arr(message.get("images"))),
        txt(message.get("tool_name")),
    )


def _line(told: Told, message: JsonObject, **more: object) -> JsonObject:
    now = datetime.fromtimestamp(told.now, UTC).isoformat().replace("+00:00", "Z")
    line: JsonObject = {"model": told.target.model, "created_at": now, "message": {"role": "assistant"} | message}
    return line | more


def _ending(told: Told) -> JsonObject:
    reason = FINISH.get(told.answer.finish, told.answer.finish)
    done: JsonObject = {"done": True, "done_reason": reason}
    if told.says("nousage"):
        return done
    said, asked = told.answer.tokens, told.question.prompt_tokens
    return done | {
        "total_duration": (said + asked) * NANOSECONDS,
        "load_duration": NANOSECONDS,
        "prompt_eval_count": asked,
        "prompt_eval_duration": asked * NANOSECONDS,
        "eval_count": said,
        "eval_duration": said * NANOSECONDS,
    }


def _call(told: Told, nth: int) -> JsonObject:
    call = told.answer.calls[nth]
    function: JsonObject = {"index": nth, "name": call.name, "arguments": json.loads(call.arguments)}
    return {"id": f"call_{told.serial * 100 + nth:08d}", "function": function}


def _said(told: Told) -> tuple[str, ...]:
    return told.answer.texts[0] if told.answer.texts else ()


def whole_answer(told: Told) -> JsonObject:
    """A non-streamed answer."""
    message: JsonObject = {"content": "".join(_said(told))}
    if told.answer.thoughts:
        message["thinking"] = "".join(told.answer.thoughts)
    if told.answer.calls:
        message["tool_calls"] = [_call(told, nth) for nth in range(len(told.answer.calls))]
    if told.says("nochoices"):
        message = {}
    ending = {"done": False} if told.says("nofinish") else _ending(told)
    return _line(told, message) | ending


def stream(told: Told) -> Iterator[Piece]:
    """The lines of a streamed answer."""
    for thought in told.answer.thoughts:
        yield Piece(compact(_line(told, {"content": "", "thinking": thought}, done=False)))
    for text in _said(told):
        yield Piece(compact(_line(told, {"content": text}, done=False)))
    for nth in range(len(told.answer.calls)):
        yield Piece(compact(_line(told, {"content": "", "tool_calls": [_call(told, nth)]}, done=False)))
    if not told.behaviour.flags & {"nofinish", "nodone"}:
        yield Piece(compact(_line(told, {"content": ""}) | _ending(told)), Part.CLOSE)


def error(failure: Failure) -> JsonObject:
    """Ollama's error: a sentence."""
    message = {
        "nomodel": f"model '{failure.target.model}' not found",
        "badkey": "unauthorized",
        "notools": f'"{failure.target.model}" does not support tools',
        "toolong": "prompt too long; exceeded max context length by 12000 tokens",
        "overloaded": "server busy, please try again. maximum pending requests exceeded",
    }.get(failure.reason, failure.message)
    return {"error": message}


def error_pieces(failure: Failure, told: Told) -> Iterator[Piece]:
    """An error inside a stream: one more line."""
    yield Piece(compact(error(failure)), Part.CLOSE)


def other(target: Target, names: tuple[str, ...], body: JsonObject) -> JsonObject:
    """/api/tags, /api/show, /api/version."""
    match target.operation:
        case "version":
            return {"version": VERSION}
        case "show":
            return _show(target.model or txt(body.get("name")))
        case _:
            return {"models": [_tag(name) for name in names]}


def _details() -> JsonObject:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "sim",
        "families": ["sim"],
        "parameter_size": "4.0B",
        "quantization_level": "Q4_K_M",
    }


def _tag(name: str) -> JsonObject:
    tag: JsonObject = {
        "name": name,
        "model": name,
        "modified_at": "2026-11-01T00:00:00Z",
        "size": 2497293931,
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "details": _details(),
    }
    # Cloud models are listed by the local daemon, but leave the machine: `remote_host` says so (documented).
    far = name.endswith(("-cloud", ":cloud"))
    return tag | (
        {"remote_model": name.rsplit("-cloud", 1)[0], "remote_host": "https://ollama.com:443"} if far else {}
    )


def _show(name: str) -> JsonObject:
    return {
        "license": "MIT",
        "modelfile": f"FROM {name}",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": _details(),
        "model_info": {"general.architecture": "sim", "sim.context_length": 32768, "sim.embedding_length": 2560},
        "capabilities": ["completion", "tools", "vision", "thinking"],
        "modified_at": "2026-11-01T00:00:00Z",
    }


SHAPE = Shape(
    "ollama",
    read,
    stream,
    whole_answer,
    error,
    error_pieces,
    other,
    stream_type="application/x-ndjson",
    whole_type="application/json; charset=utf-8",
)
