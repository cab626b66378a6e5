"""A question in OpenAI's words reaches a provider of any other wire with the same content.

The judge is the simulator, which reads every wire, refuses what the real providers refuse, and knows none of our
code. The questions are those that were really asked of providers of OpenAI's wire.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from tests.gateway.replayed import EXPECTED, Replayed, Row, exchange_of, has_question, name_of, replayed
from tests.replay import Asked
from wallascli.simulator.routes import route
from wallascli.simulator.shapes import SHAPES

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOREIGN = ("gemini", "anthropic", "ollama", "cohere")
ANSWER = {
    wire: next(exchange_of(row) for row in EXPECTED if row["wire"] == wire and not row["stream"])
    for wire in FOREIGN
}
# Mistral's parts, OpenAI's former `functions` and custom tools: words that the judge does not know.
UNREAD = ('"document_url"', '"input_audio":"', '"functions"', '"type":"custom"')
# A field of the question, and how a caller calls it.
WORDS = {
    "choice": "tool_choice",
    "parallel": "parallel_tool_calls",
    "json": "response_format",
    "schema": "response_format",
    "tools": "tools",
    "think": "reasoning",
    "n": "n",
    "stops": "stop",
    "limit": "max",
    "turns": "messages",
}
NEEDED = 32_000  # Anthropic's max_tokens must be said


def is_asked_in_full(row: Row) -> bool:
    if not has_question(row):
        return False
    asked = exchange_of(row).asked
    return not any(word in json.dumps(asked, separators=(",", ":")) for word in UNREAD)


QUESTIONS = [row for row in EXPECTED if is_asked_in_full(row)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replayed]:
    async with replayed(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def read(target: str, body: Row, headers: dict[str, str]) -> Row:
    """What the judge finds in a request; it raises for one that a real provider would refuse."""
    address = urlsplit(target)
    found = route("POST", address.path, dict(parse_qsl(address.query)), headers)
    assert found is not None, target
    model = found.model or body.get("model", "")
    question = SHAPES[found.wire].read(replace(found, model=model), body, True)
    return leveled(asdict(question))


def leveled(question: Row) -> Row:
    """Without the differences of form: how texts are joined, ids of calls, a result wrapped into an object."""
    for turn in question["turns"]:
        turn["text"] = result(turn["text"]) if turn["role"] == "tool" else turn["text"].replace("\n", "")
        for call in turn["calls"]:
            call["arguments"] = arguments(call["arguments"])
            del call["id"]
    if isinstance(question["schema"], dict):
        question["schema"].pop("$schema", None)
    return question


def result(text: str) -> Any:
    try:
        told = json.loads(text)
    except json.JSONDecodeError:
        return text.replace("\n", "")
    inner = told["output"] if isinstance(told, dict) and told.keys() == {"output"} else told
    return result(inner) if isinstance(inner, str) else inner


def arguments(text: str) -> Any:
    return json.loads(text or "{}") or {}


def unexplained(wire: str, sent: Row, got: Row, asked: Asked, dropped: str) -> Row:
    """What differs and is neither named as dropped nor how this wire says it."""
    differing = {name: (sent[name], got[name]) for name in WORDS if sent[name] != got[name]}
    if wire == "anthropic" and sent["limit"] is None and got["limit"] == NEEDED:
        del differing["limit"]
    if wire == "cohere" and [tool["name"] for tool in got["tools"]] == [sent["choice"]]:
        # "This one" is said by showing no other and demanding one.
        assert got["choice"] == "required"
        differing.pop("tools", None)
        del differing["choice"]
    if [turn["role"] for turn in sent["turns"]] == ["system"] and wire in ("gemini", "anthropic"):
        # Both refuse a conversation without a user: then the only words there are must be the user's.
        assert [turn["role"] for turn in got["turns"]] == ["user"]
        differing.pop("turns", None)
    if sent["choice"] == "none" and not got["tools"]:
        differing = {name: pair for name, pair in differing.items() if name not in ("tools", "choice")}
    if sent["logprobs"] is not None and b"ogprobs" not in asked.body and "logprobs" not in dropped:
        differing["logprobs"] = (sent["logprobs"], None)
    return {name: pair for name, pair in differing.items() if WORDS.get(name, name) not in dropped}


@pytest.mark.parametrize("wire", FOREIGN)
@pytest.mark.parametrize("row", QUESTIONS, ids=map(name_of, QUESTIONS))
async def test_another_wire_is_asked_the_same(gateway: Replayed, row: Row, wire: str) -> None:
    recorded = exchange_of(row).asked
    body = {**recorded, "model": f"compat-{wire}:model", "stream": False}
    body.pop("stream_options", None)
    body.pop("models", None)
    answer = await gateway.ask(body, ANSWER[wire])
    if answer.status_code == 400:
        assert answer.json()["error"]["code"] == "no_eligible_model"
        assert "its API cannot carry" in answer.json()["error"]["message"]
        assert gateway.asked == []
        return
    assert answer.status_code == 200
    (asked,) = gateway.asked
    sent = read("/v1/chat/completions", body, {})
    sent["think"] |= bool((body.get("reasoning") or {}).get("max_tokens"))  # the judge looks for an effort only
    got = read(asked.target, asked.json, asked.headers)
    assert unexplained(wire, sent, got, asked, answer.headers.get("x-wallas-dropped", "")) == {}


PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize("wire", ["gemini", "ollama"])
async def test_a_plan_made_for_one_picture_does_not_serve_another(gateway: Replayed, wire: str) -> None:
    """The same needs, but these wires take a picture only as bytes: by its address it would be lost."""

    def seen(url: str) -> Row:
        content = [{"type": "image_url", "image_url": {"url": url}}]
        return {"model": f"compat-{wire}:model", "messages": [{"role": "user", "content": content}]}

    assert (await gateway.ask(seen(PICTURE), ANSWER[wire])).status_code == 200
    refused = await gateway.ask(seen("https://example.org/picture.png"), ANSWER[wire])
    assert (refused.status_code, gateway.asked) == (400, [])
    assert f"compat-{wire}:model: its API cannot carry image by" in refused.json()["error"]["message"]
    assert (await gateway.ask(seen(PICTURE), ANSWER[wire])).status_code == 200
