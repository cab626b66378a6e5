"""Simulated answers look like recorded ones, and an independent reader finds in them what was meant."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import exchanges
from tests.recordings import oracle
from tests.simulator import asking
from tests.simulator.asking import CLOCK, WEATHER, WIRES, question, text_of, understood
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)

# wire -> recordings of plain chats, tool calls, and thoughts, streamed and not
RECORDED = {
    "openai": "openai/chat-stream-gpt-5-4-chatlas-6cdadc openai/chat-stream-gpt-4o-mini-elastic-otel-pytho-6b8392 "
    "openai/chat-tools-stream-gpt-4-1-activeagent-a9e85c openai/chat-tools-gpt-4o-raix-6b5bf6 "
    "openai/chat-gpt-4-1-mini-rig-da70bb",
    "gemini": "gemini/chat-stream-gemini-2-0-flash-req-llm-0d43d4 "
    "gemini/reasoning-stream-gemini-2-5-pro-pydantic-ai-283863 "
    "gemini/chat-tools-stream-gemini-2-5-pro-fantasy-5ef831 "
    "gemini/chat-tools-gemini-2-5-flash-fantasy-5b316b",
    "anthropic": "anthropic/messages-stream-claude-sonnet-5-activeagent-0311b5 "
    "anthropic/messages-tools-stream-claude-haiku-4-5-20251001-llm-anthropic-d99f80 "
    "anthropic/messages-thinking-stream-claude-haiku-4-5-20251001-llm-anthropic-b347e9 "
    "anthropic/messages-claude-sonnet-5-ellmer-34e21b",
    "ollama": "ollama/chat-stream-gemma3-1b-langchaingo-fa883f ollama/chat-tools-stream-qwen3-4b-rig-14b959 "
    "ollama/reasoning-stream-qwen3-6-latest-openinference-056cd7 ollama/chat-qwen3-4b-rig-67b4fb",
    "cohere": "cohere/chat-stream-command-a-03-2025-rig-afee94 "
    "cohere/chat-tools-stream-command-a-03-2025-ruby-llm-447b3e "
    "cohere/reasoning-stream-command-a-plus-05-2026-ruby-llm-c6b426 cohere/chat-command-a-03-2025-rig-26322e",
}
# Recorded in one dialogue or for one feature only; not what makes an answer of this wire.
BESIDE = {
    "openai": {"obfuscation"},
    "gemini": {"avgLogprobs", "safetyRatings", "candidatesTokensDetails", "serviceTier", "groundingMetadata"},
    "anthropic": {"inference_geo", "caller"},
    "ollama": set(),
    "cohere": {"citations", "reasoning_tokens", "citation-start", "citation-end"},
}


def payloads(held: dict[str, Any]) -> list[dict[str, Any]]:
    return oracle.payloads(held)


def kind_of(payload: dict[str, Any]) -> str:
    """What tells one sort of frame from another, where the wire has a word for it."""
    kind = str(payload.get("type", ""))
    for inner in ("content_block", "delta"):
        if isinstance(payload.get(inner), dict):
            kind += f"/{payload[inner].get('type', '')}"
    return kind


def paths(value: object, above: str = "") -> Iterator[str]:
    """Every key by its path; positions in lists do not matter, nor what is inside arguments and schemas."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{above}.{name}"
            if name not in ("args", "arguments", "input"):
                yield from paths(inner, f"{above}.{name}")
    if isinstance(value, list):
        for inner in value:
            yield from paths(inner, above)


def shape(wire: str, frames: list[dict[str, Any]]) -> set[str]:
    found = {f"{kind_of(frame)}{path}" for frame in frames for path in paths(frame)}
    return {path for path in found if not BESIDE[wire] & set(path.replace("/", ".").split("."))}


async def simulated(client: httpx.AsyncClient, url: str, wire: str, *, stream: bool) -> list[dict[str, Any]]:
    """Frames of a plain answer, of a tool call and of one with thoughts."""
    frames: list[dict[str, Any]] = []
    for words, tools in (("hello there", []), ("use get_weather", [WEATHER])):
        path, body = question(wire, words, "sim-think2", stream=stream, tools=tools)
        if wire == "openai":
            body |= {"logprobs": True, "top_logprobs": 1}
            body |= {"stream_options": {"include_usage": True}} if stream else {}
        answer = await client.post(url + path, json=body)
        frames += payloads({"body": answer.json()} if not stream else held(wire, answer))
    return frames


def held(wire: str, answer: httpx.Response) -> dict[str, Any]:
    return {"ndjson" if wire == "ollama" else "sse": answer.text}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_an_answer_has_every_key_of_the_recorded_ones(wire: str, stream: bool, simulator: Simulator) -> None:
    recorded: list[dict[str, Any]] = []
    for name in RECORDED[wire].split():
        for exchange in exchanges.load(f"{name}.json"):
            if exchange.streamed == stream and exchange.status == 200:
                raw = json.loads(exchange.body) if not stream else exchange.body.decode()
                key = "ndjson" if wire == "ollama" else "sse"
                recorded += payloads({"body": raw} if not stream else {key: raw})
    assert recorded
    async with asking.client() as client:
        ours = await simulated(client, simulator.url, wire, stream=stream)
    assert shape(wire, recorded) - shape(wire, ours) == set()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_the_judge_of_the_recordings_reads_text_thoughts_and_usage(
    wire: str, stream: bool, simulator: Simulator
) -> None:
    path, body = question(wire, "say naïve 👍🏽 things", "sim-think3", stream=stream)
    body |= {"stream_options": {"include_usage": True}} if wire == "openai" and stream else {}
    async with asking.client() as client:
        row = understood(wire, await client.post(simulator.url + path, json=body))
    (choice,) = row["choices"]
    assert row["outcome"] == "complete"
    assert choice["text"] == "echo: say naïve 👍🏽 things"
    assert choice["thoughts"] == "Thinking about 'say naïve 👍🏽 things': step1 step2 step3"
    assert choice["finish"] == "stop"
    assert row["usage"]["total"] == row["usage"]["input"] + row["usage"]["output"] > 0


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_the_judge_reads_two_calls_made_at_once(wire: str, stream: bool, simulator: Simulator) -> None:
    path, body = question(wire, "get_weather and get_time", stream=stream, tools=[WEATHER, CLOCK])
    async with asking.client() as client:
        (choice,) = understood(wire, await client.post(simulator.url + path, json=body))["choices"]
    calls = [(call["name"], call["arguments"]) for call in choice["calls"]]
    assert calls == [("get_weather", {"city": "get_weather and get_time"}), ("get_time", {})]
    assert choice["finish"] == "tool_calls"


@pytest.mark.parametrize(
    ("wire", "script", "finish"),
    [
        *((wire, "length", "length") for wire in WIRES),
        *((wire, "filter", "content_filter") for wire in ("openai", "gemini", "anthropic")),
        ("cohere", "filter", "error"),
    ],
)
async def test_finish_reasons_are_said_in_the_words_of_the_wire(
    wire: str, script: str, finish: str, simulator: Simulator
) -> None:
    for stream in (True, False):
        path, body = question(wire, "hello", f"sim-{script}", stream=stream)
        async with asking.client() as client:
            (choice,) = understood(wire, await client.post(simulator.url + path, json=body))["choices"]
        assert choice["finish"] == finish


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("at", [1, 7, 12, 20])
async def test_every_wire_continues_a_partial_answer(wire: str, at: int, simulator: Simulator) -> None:
    full = "word1 word2 word3 word4"
    path, body = question(wire, [("user", "hello"), ("assistant", full[:at])], "sim-c4-strict", stream=True)
    async with asking.client() as client:
        answer = await client.post(simulator.url + path, json=body)
    if wire == "anthropic" and full[:at].endswith(" "):
        assert answer.status_code == 400  # as the real one does
        assert "trailing whitespace" in answer.text
    else:
        assert full[:at] + text_of(wire, answer) == full


@pytest.mark.parametrize("wire", WIRES)
async def test_every_wire_says_that_it_does_not_continue(wire: str, simulator: Simulator) -> None:
    path, body = question(wire, [("user", "hello"), ("assistant", "word1")], "sim-c4-noprefill")
    async with asking.client() as client:
        assert (await client.post(simulator.url + path, json=body)).status_code == 400


async def test_mistral_gives_the_prefix_back_and_refuses_one_without_its_flag(simulator: Simulator) -> None:
    path, body = question("openai", [("user", "hello"), ("assistant", "word1 wo")], "sim-c4", stream=True)
    url = simulator.url + path.replace("plain", "mistral")
    async with asking.client() as client:
        refused = await client.post(url, json=body)
        body["messages"][-1]["prefix"] = True
        repeated = await client.post(url, json=body)
        not_repeated = await client.post(url, json=body | {"model": "sim-c4-norepeat"})
    assert refused.status_code == 400
    assert "prefix True" in refused.text
    assert text_of("openai", repeated) == "word1 word2 word3 word4"
    assert text_of("openai", not_repeated) == "rd2 word3 word4"


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="


@pytest.mark.parametrize("wire", WIRES)
async def test_a_picture_is_seen_whole(wire: str, simulator: Simulator) -> None:
    path, body = question(wire, "look")
    url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    text = {"type": "text", "text": "look"}
    match wire:
        case "gemini":
            body["contents"][0]["parts"].append({"inlineData": {"mimeType": "image/png", "data": PIXEL}})
        case "anthropic":
            source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
            body["messages"][0]["content"] = [text, {"type": "image", "source": source}]
        case "ollama":
            body["messages"][0]["images"] = [PIXEL]
        case _:
            body["messages"][0]["content"] = [text, url]
    async with asking.client() as client:
        answer = await client.post(
            simulator.url + path, json=body | {"stream": False} if wire != "gemini" else body
        )
    assert text_of(wire, answer) == "echo: look; saw 1 media: image 68 bytes sha256 " + PIXEL_DIGEST


PIXEL_DIGEST = hashlib.sha256(base64.b64decode(PIXEL)).hexdigest()[:12]


@pytest.mark.parametrize("wire", WIRES)
async def test_every_wire_lists_its_models(wire: str, simulator: Simulator) -> None:
    simulator.order(provider=wire, models=["one", "two"])
    path = {"gemini": "/gemini/v1beta/models", "ollama": "/ollama/api/tags"}.get(wire, f"/{wire}/v1/models")
    headers = {"anthropic-version": "2023-06-01"} if wire == "anthropic" else {}
    async with asking.client() as client:
        listed = (await client.get(simulator.url + path, headers=headers)).json()
    rows = listed.get("data") or listed.get("models")
    assert [str(row.get("id") or row.get("name")).removeprefix("models/") for row in rows] == ["one", "two"]


async def test_gemini_ends_its_lines_as_recorded(simulator: Simulator) -> None:
    path, body = question("gemini", "hello", stream=True)
    async with asking.client() as client:
        text = (await client.post(simulator.url + path, json=body)).text
    assert "\r\n\r\n" in text
    assert "\n\n" not in text.replace("\r\n", "")
    assert '{"candidates": [{"content": {"parts": [{"text": "echo:"}],"role": "model"},"index": 0}],' in text


async def test_without_alt_sse_gemini_streams_one_json_array(simulator: Simulator) -> None:
    path, body = question("gemini", "hello", stream=True)
    async with asking.client() as client:
        events = (await client.post(simulator.url + path.partition("?")[0], json=body)).json()
    assert "".join(e["candidates"][0]["content"]["parts"][0]["text"] for e in events) == "echo: hello"


QUIRKS = {
    "groq": '"x_groq"',
    "openrouter": '"native_finish_reason"',
    "mistral": '"type":"thinking"',
    "cerebras": '"time_info"',
    "nvidia": '"reasoning_content"',
    "azure": '"prompt_filter_results"',
}


@pytest.mark.parametrize("provider", QUIRKS)
async def test_providers_on_the_openai_wire_keep_their_quirks(provider: str, simulator: Simulator) -> None:
    _, body = question("openai", "hello", "sim-think2", stream=True)
    async with asking.client() as client:
        answer = await client.post(f"{simulator.url}/{provider}/v1/chat/completions", json=body)
    assert QUIRKS[provider] in answer.text
    assert ("[DONE]" in answer.text) == (provider != "cerebras")
    assert text_of("openai", answer) == "echo: hello"


async def test_several_choices_and_logprobs_come_on_the_openai_wire(simulator: Simulator) -> None:
    for stream in (True, False):
        path, body = question("openai", "hello", stream=stream)
        async with asking.client() as client:
            answer = await client.post(
                simulator.url + path, json=body | {"n": 2, "logprobs": True, "top_logprobs": 2}
            )
        choices = understood("openai", answer)["choices"]
        assert [choice["text"] for choice in choices] == ["echo: hello", "choice 1: echo: hello"]
        assert answer.text.count('"top_logprobs":[{"token":"alternative0"') == 6
