"""The OpenAI chat wire: answers, streams and errors, with the quirks of those who speak it."""

from __future__ import annotations

from collections.abc import Iterator

from wallascli.simulator import asked_openai, errors_openai
from wallascli.simulator.js import JsonObject, compact
from wallascli.simulator.quirks import PLAIN, QUIRKS, Quirks
from wallascli.simulator.routes import Target
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told
from wallascli.simulator.words import pieces

FINISH = {"calls": "tool_calls", "filter": "content_filter", "refusal": "stop"}
ARGUMENT_LETTERS = 6


def quirks(target: Target) -> Quirks:
    """The row of the pretended provider."""
    return QUIRKS.get(target.provider, PLAIN)


def finish_of(told: Told) -> str | None:
    """The finish reason as this wire says it."""
    return None if told.says("nofinish") else FINISH.get(told.answer.finish, told.answer.finish)


def usage_of(told: Told) -> JsonObject:
    """Tokens counted, with the details that everybody sends."""
    asked, said = told.question.prompt_tokens, told.answer.tokens
    usage: JsonObject = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    usage["prompt_tokens_details"] = {"cached_tokens": 0, "audio_tokens": 0}
    usage["completion_tokens_details"] = {
        "reasoning_tokens": len(told.answer.thoughts),
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    }
    if told.target.provider == "openrouter":
        usage |= {"cost": 0, "is_byok": False}
    return usage


def whole(told: Told) -> JsonObject:
    """A non-streamed answer."""
    choices = [] if told.says("nochoices") else [_choice(told, index) for index in range(told.question.n)]
    body: JsonObject = _frame(told, "chat.completion") | {"choices": choices}
    if not told.says("nousage"):
        body["usage"] = usage_of(told)
    if told.target.provider == "groq":
        body["x_groq"] = {"id": f"req_sim{told.serial:08d}"}
    if told.target.provider == "openrouter":
        body["provider"] = "Simulated"
    return body


def _frame(told: Told, kind: str) -> JsonObject:
    return {
        "id": quirks(told.target).id.format(told.serial),
        "object": kind,
        "created": int(told.now),
        "model": told.target.model,
        "service_tier": "default",
        "system_fingerprint": "fp_simulator",
    }


def _choice(told: Told, index: int) -> JsonObject:
    row, answer = quirks(told.target), told.answer
    text = "".join(answer.texts[index])
    message: JsonObject = {
        "role": "assistant",
        "content": text or (None if answer.calls else ""),
        "refusal": None,
        "annotations": [],
    }
    if answer.finish == "refusal":
        message |= {"content": None, "refusal": text}
    if answer.thoughts and row.thinking_parts:
        message["content"] = [_thinking("".join(answer.thoughts)), {"type": "text", "text": text}]
    elif answer.thoughts and row.reasoning:
        message[row.reasoning] = "".join(answer.thoughts)
    if answer.calls:
        message["tool_calls"] = [_call(told, nth) for nth in range(len(answer.calls))]
    if told.target.provider == "groq" and answer.calls:
        del message["content"]
    choice: JsonObject = {"index": index, "message": message, "logprobs": None, "finish_reason": finish_of(told)}
    if told.question.logprobs is not None:
        choice["logprobs"] = _logprobs(told, answer.texts[index])
    return choice


def _thinking(text: str) -> JsonObject:
    # [mistral/reasoning-magistral-medium-latest-pydantic-ai]
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _call(told: Told, nth: int) -> JsonObject:
    call = told.answer.calls[nth]
    return {
        "id": quirks(told.target).call_id.format(told.serial * 100 + nth),
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def _logprobs(told: Told, tokens: tuple[str, ...]) -> JsonObject:
    others = [
        {"token": f"alternative{rank}", "logprob": -1.0 - rank, "bytes": list(f"alternative{rank}".encode())}
        for rank in range(told.question.logprobs or 0)
    ]
    return {
        "content": [
            {"token": token, "logprob": -0.25, "bytes": list(token.encode()), "top_logprobs": others}
            for token in tokens
        ],
        "refusal": None,
    }


def stream(told: Told) -> Iterator[Piece]:
    """The frames of a streamed answer."""
    row = quirks(told.target)
    if row.opening:
        yield _piece(told, [], Part.OPEN, extra={"prompt_filter_results": []})
    if told.says("nochoices"):
        yield _piece(told, [], Part.OPEN)
    else:
        for index in range(told.question.n):
            yield _delta(told, index, {"role": "assistant", "content": "", "refusal": None}, Part.OPEN)
        yield from _thoughts(told, row)
        yield from _texts(told, row)
        yield from _calls(told, row)
        yield from _ends(told, row)
    if _own_usage(told, row):
        yield _piece(told, [], Part.CLOSE, extra={"usage": usage_of(told)})
    if row.done and not told.says("nodone"):
        yield Piece("[DONE]", Part.CLOSE)


def _own_usage(told: Told, row: Quirks) -> bool:
    asked = told.question.usage and row.usage in ("own", "both")
    return (asked or row.usage == "always") and not told.says("nousage")


def _piece(told: Told, choices: list[JsonObject], part: Part, extra: JsonObject | None = None) -> Piece:
    frame = _frame(told, "chat.completion.chunk") | {"choices": choices}
    if quirks(told.target).usage == "each" and not told.says("nousage"):
        frame["usage"] = usage_of(told)
    elif told.question.usage and quirks(told.target).usage == "own":
        frame["usage"] = None
    return Piece(compact(frame | (extra or {})), part)


def _delta(
    told: Told,
    index: int,
    delta: JsonObject,
    part: Part = Part.CONTENT,
    finish: str | None = None,
    token: str | None = None,
    extra: JsonObject | None = None,
) -> Piece:
    row = quirks(told.target)
    if row.role_each:
        delta = {"role": "assistant", "content": ""} | delta
    choice: JsonObject = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    if told.question.logprobs is not None:
        choice["logprobs"] = _logprobs(told, () if token is None else (token,))
    if row.sparse and finish is None:
        del choice["finish_reason"], choice["logprobs"]
    if told.target.provider == "openrouter":
        choice["native_finish_reason"] = finish
    return _piece(told, [choice], part, extra)


def _thoughts(told: Told, row: Quirks) -> Iterator[Piece]:
    for thought in told.answer.thoughts:
        if row.thinking_parts:
            yield _delta(told, 0, {"content": [_thinking(thought)]})
        elif row.reasoning:
            yield _delta(told, 0, {row.reasoning: thought})


def _texts(told: Told, row: Quirks) -> Iterator[Piece]:
    field = "refusal" if told.answer.finish == "refusal" else "content"
    for position in range(max(map(len, told.answer.texts), default=0)):
        for index, tokens in enumerate(told.answer.texts):
            if position < len(tokens):
                yield _delta(told, index, {field: tokens[position]}, token=tokens[position])


def _calls(told: Told, row: Quirks) -> Iterator[Piece]:
    if row.calls_at_end:
        return
    for nth, call in enumerate(told.answer.calls):
        entry = {"index": nth} | _call(told, nth)
        if row.whole_calls:
            yield _delta(told, 0, {"tool_calls": [entry]})
            continue
        yield _delta(told, 0, {"tool_calls": [entry | {"function": {"name": call.name, "arguments": ""}}]})
        for part in pieces(call.arguments, ARGUMENT_LETTERS):
            yield _delta(told, 0, {"tool_calls": [{"index": nth, "function": {"arguments": part}}]})


def _ends(told: Told, row: Quirks) -> Iterator[Piece]:
    finish = finish_of(told)
    extra: JsonObject = (
        {} if told.says("nousage") or row.usage not in ("finish", "both") else {"usage": usage_of(told)}
    )
    if told.target.provider == "groq":
        extra["x_groq"] = {"id": f"req_sim{told.serial:08d}"} | ({"usage": extra["usage"]} if extra else {})
    if told.target.provider == "cerebras":
        extra["time_info"] = {"total_time": 0.01}
    for index in range(told.question.n):
        calls = (
            [{"index": nth} | _call(told, nth) for nth in range(len(told.answer.calls))] if row.calls_at_end else []
        )
        part = Part.CONTENT if calls else Part.CLOSE
        if finish or calls:
            yield _delta(told, index, {"tool_calls": calls} if calls else {}, part, finish, extra=extra)


def error_pieces(failure: Failure, told: Told) -> Iterator[Piece]:
    """An error inside a stream that began with 200."""
    body = errors_openai.body(failure)
    if told.target.provider == "groq":
        # Groq names the event [groq/error-in-stream-gpt-oss-120b-pydantic-ai]; the others send a plain frame.
        yield Piece(compact(body), Part.CLOSE, event="error")
    else:
        yield Piece(compact(body), Part.CLOSE)


def other(target: Target, names: tuple[str, ...], body: JsonObject) -> JsonObject:
    """GET /models."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": 1763600000, "owned_by": "simulator"} for name in names],
    }


SHAPE = Shape("openai", asked_openai.read, stream, whole, errors_openai.body, error_pieces, other)
