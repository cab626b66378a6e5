"""Who speaks the OpenAI wire speaks it with an accent."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.simulator import asking
from tests.simulator.asking import CLOCK, WEATHER, WIRES, question, text_of, understood, written
from wallascli.simulator import Simulator
from wallascli.simulator.quirks import QUIRKS

pytest_plugins = ("tests.simulation",)


async def asked(simulator: Simulator, provider: str, script: str, **more: Any) -> httpx.Response:
    path, body = question("openai", "get_weather, get_time", "any", **more)
    async with asking.client() as client:
        url = simulator.url + path.replace("plain", provider)
        return await client.post(url, json=body, headers={"x-simulate": script})


@pytest.mark.parametrize("provider", QUIRKS)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_the_judge_reads_calls_and_text_of_every_provider(
    provider: str, stream: bool, simulator: Simulator
) -> None:
    called = understood("openai", await asked(simulator, provider, "ok", stream=stream, tools=[WEATHER, CLOCK]))
    (choice,) = called["choices"]
    assert [call["name"] for call in choice["calls"]] == ["get_weather", "get_time"]
    assert choice["calls"][1]["arguments"] == {}
    assert choice["finish"] == "tool_calls"
    said = await asked(simulator, provider, "c4", stream=stream)
    assert text_of("openai", said) == "word1 word2 word3 word4"
    assert ('"usage":{"prompt_tokens"' in said.text) == (not stream or QUIRKS[provider].usage != "own")
    assert '"prompt_tokens"' not in (await asked(simulator, provider, "nousage", stream=stream)).text


SAYS: dict[str, Any] = {
    "groq": lambda body: body["error"]["type"] == "tokens",
    "mistral": lambda body: (body["code"], body["raw_status_code"]) == ("1300", 429),
    "openrouter": lambda body: body["error"]["code"] == 429,
    "cerebras": lambda body: body["code"] == "request_quota_exceeded",
    "huggingface": lambda body: body["error"]["code"] == "rate_limit_exceeded",
    "nvidia": lambda body: (body["title"], body["status"]) == ("Too Many Requests", 429),
    "pollinations": lambda body: (body["success"], body["error"]["code"]) == (False, "TOO_MANY_REQUESTS"),
    "azure": lambda body: body["error"]["code"] == "RateLimitReached",
    "github": lambda body: body["error"]["code"] == "RateLimitReached",
    "gemini": lambda body: body[0]["error"]["status"] == "RESOURCE_EXHAUSTED",
    "sambanova": lambda body: body["error"]["code"] == "rate_limit_exceeded",
    "cohere": lambda body: set(body) == {"id", "message"},
}


@pytest.mark.parametrize("provider", SAYS)
async def test_too_many_requests_in_the_words_of_each(provider: str, simulator: Simulator) -> None:
    answer = await asked(simulator, provider, "429")
    assert answer.status_code == 429
    assert SAYS[provider](answer.json())


async def test_huggingface_has_words_of_its_own(simulator: Simulator) -> None:
    loading = await asked(simulator, "huggingface", "loading")
    assert (loading.status_code, loading.json()["estimated_time"]) == (503, 20.0)
    assert "monthly included credits" in (await asked(simulator, "huggingface", "credit")).json()["error"]


RESETS: dict[str, Any] = {
    "cerebras": ("x-ratelimit-reset-requests-day", lambda told: float(told) == 90),
    "sambanova": ("x-ratelimit-reset-requests-day", lambda told: 85 < int(told) - time.time() < 91),
    "openrouter": ("x-ratelimit-reset", lambda told: 85 < int(told) / 1000 - time.time() < 91),
    "groq": ("x-ratelimit-reset-requests", lambda told: told == "1m30s"),
}


@pytest.mark.parametrize("provider", RESETS)
async def test_each_tells_the_reset_in_its_own_unit(provider: str, simulator: Simulator) -> None:
    header, right = RESETS[provider]
    assert right((await asked(simulator, provider, "429-reset90")).headers[header])


async def test_anthropic_tells_the_reset_as_an_instant(simulator: Simulator) -> None:
    path, body = question("anthropic", "hi", "sim-429-reset90")
    async with asking.client() as client:
        answer = await client.post(simulator.url + path, json=body)
    instant = datetime.fromisoformat(answer.headers["anthropic-ratelimit-requests-reset"])
    assert 85 < instant.timestamp() - time.time() < 91


async def test_a_refusal_has_its_own_place(simulator: Simulator) -> None:
    for stream in (True, False):
        (choice,) = understood("openai", await asked(simulator, "openai", "refusal", stream=stream))["choices"]
        assert choice["text"] == ""
        assert choice["refusal"].startswith("I'm sorry")


@pytest.mark.parametrize("wire", WIRES)
async def test_any_word_may_be_the_finish_reason(wire: str, simulator: Simulator) -> None:
    for stream in (True, False):
        path, body = question(wire, "hi", "sim-finish.ODD_WORD", stream=stream)
        async with asking.client() as client:
            assert '"ODD_WORD"' in (await client.post(simulator.url + path, json=body)).text


async def test_a_client_that_reads_slowly_gets_everything_before_the_death(simulator: Simulator) -> None:
    path, body = question("openai", "hello", "any", stream=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port, limit=1024)
    writer.write(written(path, body, X_Simulate="huge20000-die3"))
    await asyncio.sleep(0.2)
    got = await all_of(reader)
    writer.close()
    assert got > 20_000 * 1024
    assert (simulator.log[-1].pieces, simulator.log[-1].outcome) == (3, "killed")


async def all_of(reader: asyncio.StreamReader) -> int:
    """How many bytes came before the connection broke."""
    got = 0
    try:
        while part := await reader.read(1 << 16):
            got += len(part)
    except ConnectionResetError:
        return got
    raise AssertionError("the connection ended without a reset")
