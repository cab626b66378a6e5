"""Cohere's v2 wire: named events for each part of a message, a plan before the calls, a lone [DONE] at the end."""

from __future__ import annotations

from collections.abc import Iterator

from wallascli.simulator import asked_openai
from wallascli.simulator.js import JsonObject, arr, compact, obj, strings, txt, whole
from wallascli.simulator.question import Malformed, Question, Tool, Turn
from wallascli.simulator.routes import Target
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told
from wallascli.simulator.words import pieces

FINISH = {
    "stop": "COMPLETE",
    "calls": "TOOL_CALL",
    "length": "MAX_TOKENS",
    "filter": "ERROR",
    "refusal": "COMPLETE",
}
PLAN = "I will use one or more of the available tools to find the answer"
ARGUMENT_LETTERS = 4
TEMPLATE_TOKENS = 480  # Cohere counts its own template among the tokens, not among the billed ones


def read(target: Target, body: JsonObject, checked: bool) -> Question:
    """The question in a request body. Raises Malformed."""
    messages = [obj(message) for message in arr(body.get("messages"))]
    if checked and not messages:
        raise Malformed("messages must not be empty")
    names = {
        txt(obj(call).get("id")): txt(obj(obj(call).get("function")).get("name"))
        for message in messages
        for call in arr(message.get("tool_calls"))
    }
    form, choice = obj(body.get("response_format")), txt(body.get("tool_choice"))
    return Question(
        turns=tuple(_turn(message, names) for message in messages),
        stream=body.get("stream") is True,
        tools=tuple(
            Tool(txt(function.get("name")), function.get("parameters"))
            for tool in arr(body.get("tools"))
            if (function := obj(obj(tool).get("function")))
        ),
        choice={"REQUIRED": "required", "NONE": "none"}.get(choice, "auto"),
        json=form.get("type") == "json_object",
        schema=form.get("json_schema") or form.get("schema"),
        limit=whole(body.get("max_tokens")),
        stops=strings(body.get("stop_sequences")),
        think=obj(body.get("thinking")).get("type") == "enabled",
    )


def _turn(message: JsonObject, names: dict[str, str]) -> Turn:
    turn = asked_openai.turn(message, names)
    documents = [obj(obj(part).get("document")) for part in arr(message.get("content"))]
    texts = [data if isinstance(data := one.get("data"), str) else compact(data) for one in documents if one]
    return Turn(turn.role, "\n".join(texts), turn.calls, turn.media, turn.name) if texts else turn


def _usage(told: Told) -> JsonObject:
    if told.says("nousage"):
        return {}
    asked, said = told.question.prompt_tokens, told.answer.tokens
    usage: JsonObject = {"billed_units": {"input_tokens": asked, "output_tokens": said}}
    usage["tokens"] = {"input_tokens": asked + TEMPLATE_TOKENS, "output_tokens": said + 2}
    return usage | {"cached_tokens": 448}


def _finish(told: Told) -> str:
    answer = told.answer
    hit = answer.stop_hit and answer.finish == "stop"
    return "STOP_SEQUENCE" if hit else FINISH.get(answer.finish, answer.finish)


def _call(told: Told, nth: int, arguments: str) -> JsonObject:
    call = told.answer.calls[nth]
    return {
        "id": f"{call.name}_{told.serial * 100 + nth:012d}",
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _said(told: Told) -> tuple[str, ...]:
    return told.answer.texts[0] if told.answer.texts else ()


def whole_answer(told: Told) -> JsonObject:
    """A non-streamed answer."""
    answer, message = told.answer, {"role": "assistant"}
    content: list[JsonObject] = []
    if answer.thoughts:
        content.append({"type": "thinking", "thinking": "".join(answer.thoughts)})
    if _said(told):
        content.append({"type": "text", "text": "".join(_said(told))})
    more: JsonObject = {"content": content} if content else {}
    if answer.calls:
        more["tool_plan"] = PLAN
        more["tool_calls"] = [_call(told, nth, call.arguments) for nth, call in enumerate(answer.calls)]
    body: JsonObject = {"id": _id(told), "message": message | more}
    if not told.says("nofinish"):
        body["finish_reason"] = _finish(told)
    return body | ({"usage": _usage(told)} if _usage(told) else {})


def _id(told: Told) -> str:
    return f"00000000-0000-4000-8000-{told.serial:012d}"


def stream(told: Told) -> Iterator[Piece]:
    """The events of a streamed answer."""
    opening: JsonObject = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield _event("message-start", Part.OPEN, {"message": opening}, first={"id": _id(told)})
    index = 0
    for kind, texts in (("thinking", told.answer.thoughts), ("text", _said(told))):
        if texts:
            yield from _content(kind, texts, index)
            index += 1
    for word in pieces(PLAN) if told.answer.calls else ():
        yield _event("tool-plan-delta", Part.CONTENT, {"message": {"tool_plan": word}})
    for nth, call in enumerate(told.answer.calls):
        start = _call(told, nth, "")
        yield _event("tool-call-start", Part.CONTENT, {"message": {"tool_calls": start}}, index=nth)
        for part in pieces(call.arguments, ARGUMENT_LETTERS):
            delta: JsonObject = {"message": {"tool_calls": {"function": {"arguments": part}}}}
            yield _event("tool-call-delta", Part.CONTENT, delta, index=nth)
        yield _event("tool-call-end", Part.JOINT, index=nth)
    if not told.says("nofinish"):
        usage = _usage(told)
        ending: JsonObject = {"finish_reason": _finish(told)} | ({"usage": usage} if usage else {})
        yield _event("message-end", Part.CLOSE, ending)
    if not told.says("nodone"):
        yield Piece("[DONE]", Part.CLOSE)


def _content(kind: str, texts: tuple[str, ...], index: int) -> Iterator[Piece]:
    part = Part.OPEN if index == 0 else Part.JOINT
    yield _event("content-start", part, {"message": {"content": {"type": kind, kind: ""}}}, index=index)
    for text in texts:
        yield _event("content-delta", Part.CONTENT, {"message": {"content": {kind: text}}}, index=index)
    yield _event("content-end", Part.JOINT, index=index)


def _event(
    kind: str,
    part: Part,
    delta: JsonObject | None = None,
    *,
    index: int | None = None,
    first: JsonObject | None = None,
) -> Piece:
    body: JsonObject = (first or {}) | {"type": kind}
    if index is not None:
        body["index"] = index
    if delta is not None:
        body["delta"] = delta
    return Piece(compact(body), part, kind)


def error(failure: Failure) -> JsonObject:
    """Cohere's error: a sentence, no code."""
    message = {
        "nomodel": f"model '{failure.target.model}' not found, make sure the correct model ID was used and that "
        "you have access to the model.",
        "rate": "You are using a Trial key, which is limited to 20 API calls / minute.",
        "daily": "You are using a Trial key, which is limited to 1000 API calls / month.",
        "toolong": "too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer inputs. The "
        "limit for this model is 288000 tokens.",
    }.get(failure.reason, failure.message)
    more: JsonObject = {"error_type": "TOO_MANY_TOKENS"} if failure.reason == "toolong" else {}
    return more | {"id": "2da0d1db-941a-4db3-ba16-436533566b78", "message": message}


def error_pieces(failure: Failure, told: Told) -> Iterator[Piece]:
    """An error inside a stream: the message ends with it, still under HTTP 200."""
    delta: JsonObject = {"finish_reason": "ERROR", "error": txt(error(failure)["message"]), "usage": {}}
    yield _event("message-end", Part.CLOSE, delta)


def other(target: Target, names: tuple[str, ...], body: JsonObject) -> JsonObject:
    """GET /v1/models (documented; no recording)."""
    return {
        "models": [
            {
                "name": name,
                "is_deprecated": False,
                "endpoints": ["chat"],
                "finetuned": False,
                "context_length": 288000,
                "features": ["tools", "json_schema"],
            }
            for name in names
        ]
    }


SHAPE = Shape("cohere", read, stream, whole_answer, error, error_pieces, other, stream_type="text/event-stream")
