"""Requests that the real providers refuse are refused here too, with a message that names what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests import exchanges
from tests.recordings import oracle
from wallascli.simulator.question import Malformed
from wallascli.simulator.routes import Target, route
from wallascli.simulator.shapes import SHAPES

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
USER = {"role": "user", "content": "hi"}
GEMINI_CALL = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


def parts(*contents: Any) -> dict[str, Any]:
    return {"contents": list(contents)}


REFUSED = [
    ("openai", "openai", chat(), "messages"),
    ("openai", "openai", chat({"role": "robot", "content": "hi"}), "role"),
    ("openai", "openai", chat(USER, {"role": "tool", "tool_call_id": "call_1", "content": "x"}), "tool_calls"),
    ("openai", "openai", chat(USER, {"role": "assistant", "tool_calls": [CALL]}, USER), "call_1"),
    ("openai", "mistral", chat(USER, {"role": "assistant", "tool_calls": [CALL]}, USER), "length of 9"),
    ("openai", "mistral", chat(USER, {"role": "assistant", "content": "a"}), "prefix True"),
    ("anthropic", "anthropic", chat(USER), "max_tokens: Field required"),
    ("anthropic", "anthropic", chat(max_tokens=5), "messages"),
    ("anthropic", "anthropic", chat({"role": "user", "content": ""}, max_tokens=5), "non-empty"),
    ("anthropic", "anthropic", chat(USER, {"role": "assistant", "content": "a "}, max_tokens=5), "whitespace"),
    ("anthropic", "anthropic", chat(USER, {"role": "assistant", "content": [USE]}, USER, max_tokens=5), "t1"),
    (
        "anthropic",
        "anthropic",
        chat({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t9"}]}, max_tokens=5),
        "unexpected `tool_use_id`",
    ),
    ("anthropic", "anthropic", chat(USER, max_tokens=5, thinking={"budget_tokens": 5}), "budget_tokens"),
    ("gemini", "gemini", parts(), "contents"),
    ("gemini", "gemini", parts({"role": "robot", "parts": [{"text": "hi"}]}), "valid role"),
    ("gemini", "gemini", parts({"role": "user", "parts": []}), "parts"),
    ("gemini", "gemini", parts(GEMINI_CALL, {"role": "user", "parts": [{"text": "hi"}]}), "function response"),
    ("gemini", "gemini", parts({"parts": [{"inlineData": {"data": "%%"}}]}), "base64"),
    ("ollama", "ollama", chat({"role": "robot"}), "robot"),
    ("ollama", "ollama", chat({"role": "user", "content": [{"type": "text"}]}), "array"),
    ("ollama", "ollama", chat({"role": "assistant", "tool_calls": [CALL]}), "string"),
    ("ollama", "ollama", chat({"role": "user", "content": "", "images": ["data:image/png;base64,AAAA"]}), "base64"),
    ("cohere", "cohere", chat(), "messages"),
]


@pytest.mark.parametrize(("wire", "provider", "body", "named"), REFUSED)
def test_what_the_real_one_refuses(wire: str, provider: str, body: dict[str, Any], named: str) -> None:
    target = Target(provider, wire, "chat", "m")
    with pytest.raises(Malformed, match=named):
        SHAPES[wire].read(target, body, True)


RECORDED = [
    exchange
    for file in exchanges.recorded()
    for exchange in exchanges.load(file)
    if exchange.status == 200 and exchange.method == "POST" and isinstance(exchange.asked, dict)
]


# Its result answers another call than the one made: changed by hand, or not yet refused in 2024.
MISMATCHED = "anthropic/messages-tools-stream-claude-3-opus-20240229-dd-trace-py-c39e0b.json"


def test_every_recorded_request_that_was_answered_is_understood() -> None:
    understood = 0
    for exchange in RECORDED:
        path = exchange.url.partition("://")[2].partition("/")[2].partition("?")[0]
        target = route("POST", f"/{exchange.provider}/{path}", {}, {})
        if target is None or target.operation != "chat" or "b64" in exchange.asked or exchange.file == MISMATCHED:
            continue
        model = target.model or str(exchange.asked.get("model", ""))
        asked = Target(target.provider, target.wire, "chat", model, target.stream)
        try:
            question = SHAPES[target.wire].read(asked, exchange.asked, True)
        except Malformed as refused:
            pytest.fail(f"{exchange}: {refused}")
        assert question.turns or exchange.asked.get("messages") == [], str(exchange)
        understood += 1
    assert understood > 200
    assert set(oracle.ADDRESSES) == set(SHAPES)
