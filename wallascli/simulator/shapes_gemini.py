"""Gemini's own wire: CRLF between events, spaces after colons, usage on every event, no [DONE]."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wallascli.simulator import asked_gemini
from wallascli.simulator.errors_openai import google_status
from wallascli.simulator.js import JsonObject
from wallascli.simulator.routes import Target
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told

FINISH = {
    "stop": "STOP",
    "calls": "STOP",  # [gemini/chat-tools-stream-gemini-3-5-flash-chatlas]: never a word for calls
    "length": "MAX_TOKENS",
    "filter": "SAFETY",
    "refusal": "SAFETY",
}
SIGNATURE = "c2ltdWxhdGVkIHRob3VnaHQgc2lnbmF0dXJl"
TYPE = "type.googleapis.com/google.rpc"


def _finish(told: Told) -> JsonObject:
    if told.says("nofinish"):
        return {}
    finish: JsonObject = {"finishReason": FINISH.get(told.answer.finish, told.answer.finish)}
    return finish | ({"finishMessage": "Model generated function call(s)."} if told.answer.calls else {})


def _usage(told: Told, said: int) -> JsonObject:
    if told.says("nousage"):
        return {}
    asked, thoughts = told.question.prompt_tokens, len(told.answer.thoughts)
    usage: JsonObject = {"promptTokenCount": asked, "totalTokenCount": asked + said + thoughts}
    if said:
        usage["candidatesTokenCount"] = said
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": asked}]
    return {"usageMetadata": usage}


def _envelope(told: Told, candidates: list[JsonObject] | None, said: int) -> JsonObject:
    body: JsonObject = {} if candidates is None else {"candidates": candidates}
    if told.says("blocked"):
        body["promptFeedback"] = {"blockReason": "SAFETY"}
    return body | _usage(told, said) | {"modelVersion": told.target.model, "responseId": f"sim{told.serial:019d}"}


def _candidate(parts: list[JsonObject], index: int, finish: JsonObject) -> JsonObject:
    # Cut off before a word, Gemini sends no parts [gemini/reasoning-stream-gemini-2-5-flash-preview].
    content: JsonObject = ({"parts": parts} if parts else {}) | {"role": "model"}
    return {"content": content} | finish | {"index": index}


def _call(told: Told, nth: int) -> JsonObject:
    call = told.answer.calls[nth]
    function: JsonObject = {"name": call.name, "args": json.loads(call.arguments)}
    if "gemini-3" in told.target.model:
        function["id"] = f"{told.serial:05d}{nth:03d}"
    return {"functionCall": function} | ({"thoughtSignature": SIGNATURE} if nth == 0 else {})


def whole(told: Told) -> JsonObject:
    """A generateContent answer."""
    answer, told_nothing = told.answer, told.behaviour.flags & {"blocked", "nochoices"}
    if told_nothing:
        return _envelope(told, None, 0)
    thoughts: list[JsonObject] = [{"text": "".join(answer.thoughts), "thought": True}] if answer.thoughts else []
    calls = [_call(told, nth) for nth in range(len(answer.calls))]
    said: list[list[JsonObject]] = [[{"text": "".join(texts)}] if texts else [] for texts in answer.texts]
    candidates = [_candidate([*thoughts, *texts, *calls], index, _finish(told)) for index, texts in enumerate(said)]
    return _envelope(told, candidates, answer.tokens - len(answer.thoughts))


def stream(told: Told) -> Iterator[Piece]:
    """The events of streamGenerateContent."""
    answer, said = told.answer, 0
    if told.behaviour.flags & {"blocked", "nochoices"}:
        yield _piece(_envelope(told, None, 0), Part.CLOSE)
        return
    for thought in answer.thoughts:
        yield _piece(_envelope(told, [_candidate([{"text": thought, "thought": True}], 0, {})], 0), Part.CONTENT)
    for position in range(max(map(len, answer.texts), default=0)):
        for index, texts in enumerate(answer.texts):
            if position < len(texts):
                said += 1
                candidate = _candidate([{"text": texts[position]}], index, {})
                yield _piece(_envelope(told, [candidate], said), Part.CONTENT)
    for nth in range(len(answer.calls)):
        said += 1
        yield _piece(_envelope(told, [_candidate([_call(told, nth)], 0, {})], said), Part.CONTENT)
    if not told.says("nofinish"):
        last: list[JsonObject] = [{"text": ""}] if said else []
        ends = [_candidate(last, index, _finish(told)) for index in range(told.question.n)]
        yield _piece(_envelope(told, ends, answer.tokens - len(answer.thoughts)), Part.CLOSE)


def _piece(body: JsonObject, part: Part) -> Piece:
    return Piece(json.dumps(body, ensure_ascii=False, separators=(",", ": ")), part)


def error(failure: Failure) -> JsonObject:
    """Google's error; the reason is in the details, where there are any."""
    error: JsonObject = {"code": failure.status, "message": _message(failure), "status": google_status(failure)}
    if details := _details(failure):
        error["details"] = details
    return {"error": error}


def _message(failure: Failure) -> str:
    return {
        "badkey": "API key not valid. Please pass a valid API key.",
        "nomodel": f"models/{failure.target.model} is not found for API version v1beta, or is not supported for "
        "generateContent. Call ListModels to see the list of available models and their supported methods.",
        "daily": "You exceeded your current quota, please check your plan and billing details.",
        "overloaded": "The model is overloaded. Please try again later.",
        "toolong": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    }.get(failure.reason, failure.message)


def _details(failure: Failure) -> list[JsonObject]:
    details: list[JsonObject] = []
    if failure.reason == "badkey":
        service: JsonObject = {"service": "generativelanguage.googleapis.com"}
        details.append(
            {
                "@type": f"{TYPE}.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": service,
            }
        )
        local: JsonObject = {"@type": f"{TYPE}.LocalizedMessage", "locale": "en-US", "message": _message(failure)}
        details.append(local)
    if failure.reason == "daily" or (failure.reason == "rate" and failure.hint):
        span = "Day" if failure.reason == "daily" else "Minute"
        violation: JsonObject = {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": f"GenerateRequestsPer{span}PerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global", "model": failure.target.model},
            "quotaValue": "20",
        }
        details.append({"@type": f"{TYPE}.QuotaFailure", "violations": [violation]})
    if failure.hint == "retrydelay":
        details.append({"@type": f"{TYPE}.RetryInfo", "retryDelay": f"{failure.hint_seconds:g}s"})
    return details


def error_pieces(failure: Failure, told: Told) -> Iterator[Piece]:
    """An error inside a stream (documented; no recording)."""
    yield _piece(error(failure), Part.CLOSE)


def other(target: Target, names: tuple[str, ...], body: JsonObject) -> JsonObject:
    """GET /models, and :countTokens."""
    if target.operation == "count":
        asked = asked_gemini.read(target, body, False).prompt_tokens
        return {"totalTokens": asked, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": asked}]}
    return {
        "models": [
            {
                "name": f"models/{name}",
                "version": "001",
                "displayName": name,
                "description": "Simulated",
                "inputTokenLimit": 1048576,
                "outputTokenLimit": 65536,
                "supportedGenerationMethods": ["generateContent", "countTokens"],
                "temperature": 1,
                "topP": 0.95,
                "topK": 64,
            }
            for name in names
        ]
    }


SHAPE = Shape(
    "gemini",
    asked_gemini.read,
    stream,
    whole,
    error,
    error_pieces,
    other,
    newline="\r\n",
    spaced=True,
    stream_type="text/event-stream",
    whole_type="application/json; charset=UTF-8",
)
