"""Errors with a status and errors under a 200, in the shape of each wire, as recorded where they are recorded."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime

import pytest

from tests import exchanges
from tests.simulator import asking
from tests.simulator.asking import WIRES, question
from tests.simulator.meeting import Wires, asked
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)

STATUSES = [400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 498, 500, 502, 503, 504, 529]
SENTENCES = {
    "openai": lambda body: body["error"]["message"],
    "gemini": lambda body: body["error"]["message"],
    "anthropic": lambda body: body["error"]["message"],
    "ollama": lambda body: body["error"],
    "cohere": lambda body: body["message"],
}


@Wires
@pytest.mark.parametrize("status", STATUSES)
async def test_every_status_has_a_body_in_the_shape_of_the_wire(
    simulator: Simulator, wire: str, status: int
) -> None:
    for stream in (True, False):
        answer = await asked(simulator, wire, str(status), stream)
        assert answer.status_code == status
        assert len(SENTENCES[wire](answer.json())) > 5


async def test_reasons_have_the_status_and_words_of_their_provider(simulator: Simulator) -> None:
    told = {}
    for provider in ("groq", "mistral", "openrouter", "openai"):
        for reason in ("badkey", "nomodel", "toolong", "daily"):
            async with asking.client() as client:
                answer = await client.post(
                    f"{simulator.url}/{provider}/v1/chat/completions",
                    json=question("openai", "hi", f"sim-{reason}")[1],
                )
            told[provider, reason] = (answer.status_code, answer.json())
    assert told["groq", "badkey"][1]["error"]["code"] == "invalid_api_key"
    assert told["mistral", "badkey"] == (401, {"detail": "Unauthorized"})
    assert told["mistral", "nomodel"][0] == 400
    assert told["mistral", "nomodel"][1]["type"] == "invalid_model"
    assert told["openrouter", "nomodel"][1]["error"]["code"] == 400
    assert told["openai", "toolong"][1]["error"]["code"] == "context_length_exceeded"
    assert "per-day" in told["openrouter", "daily"][1]["error"]["message"]
    assert {status for (_, reason), (status, _) in told.items() if reason == "daily"} == {429}


async def test_gemini_says_why_in_its_details(simulator: Simulator) -> None:
    bad_key = await asked(simulator, "gemini", "badkey")
    assert bad_key.status_code == 400
    assert bad_key.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    spent = (await asked(simulator, "gemini", "daily-retrydelay17")).json()["error"]
    quota, retry = spent["details"]
    assert "PerDay" in quota["violations"][0]["quotaId"]
    assert retry["retryDelay"] == "17s"
    assert spent["status"] == "RESOURCE_EXHAUSTED"


async def test_hints_when_to_come_back(simulator: Simulator) -> None:
    assert (await asked(simulator, "openai", "429-retry3")).headers["retry-after"] == "3"
    date = parsedate_to_datetime((await asked(simulator, "openai", "429-retrydate100")).headers["retry-after"])
    assert 98 < date.timestamp() - time.time() < 101
    assert "try again in 4.5s" in (await asked(simulator, "openai", "429-tryagain4.5")).text
    assert "try again in 1m26.4s" in (await asked(simulator, "openai", "429-tryagain86.4")).text
    assert (await asked(simulator, "openai", "429-reset90")).headers["x-ratelimit-reset-requests"] == "1m30s"
    path, body = question("openai", "hi", "sim-429-reset60")
    async with asking.client() as client:
        answer = await client.post(simulator.url + path.replace("plain", "openrouter"), json=body)
    told = answer.json()["error"]["metadata"]["headers"]["X-RateLimit-Reset"]
    assert 59_000 < int(told) - time.time() * 1000 < 61_000
    assert answer.headers["x-ratelimit-reset"] == told


@Wires
async def test_an_error_inside_a_stream_and_inside_a_200(simulator: Simulator, wire: str) -> None:
    for stream in (True, False):
        answer = await asked(simulator, wire, "c9-error2-503", stream)
        assert answer.status_code == 200
        assert ("word2" in answer.text) == stream
        assert "word3" not in answer.text
        assert any(word in answer.text.lower() for word in ("overloaded", "server busy"))


@pytest.mark.parametrize("provider", ["groq", "openrouter"])
async def test_errors_in_a_stream_look_as_recorded(simulator: Simulator, provider: str) -> None:
    path, body = question("openai", "hi", "sim-502-error1", stream=True)
    async with asking.client() as client:
        answer = await client.post(simulator.url + path.replace("plain", provider), json=body)
    assert ("event: error\n" in answer.text) == (provider == "groq")
    assert answer.text.count("[DONE]") == 0
    if provider == "openrouter":
        last = json.loads(answer.text.strip().rpartition("data: ")[2])
        assert last["error"]["code"] == 502
        assert "choices" not in last


# recording -> provider, script: what we make of the same failure has every key that was recorded
RECORDED_ERRORS = {
    "openai/error-401-gpt-4o-mini-langsmith-sdk-eb1198": ("openai", "badkey"),
    "openai/error-404-nonexistent-pydantic-ai-a3163e": ("openai", "nomodel"),
    "openai/error-403-req-llm-3f88c6": ("openai", "403"),
    "groq/error-401-llama-3-3-70b-versatile-rig-f4d8e5": ("groq", "badkey"),
    "groq/error-404-non-existent-pydantic-ai-1fc480": ("groq", "nomodel"),
    "mistral/error-400-definitely-not-a-model-rig-66d54c": ("mistral", "nomodel"),
    "mistral/error-401-rig-42d3a0": ("mistral", "badkey"),
    "openrouter/error-429-req-llm-f19b8e": ("openrouter", "429-reset"),
    "openrouter/error-in-200-req-llm-17be31": ("openrouter", "502-error"),
    "openrouter/error-400-gpt-nonexistent-routed-model-rig-123a8c": ("openrouter", "nomodel"),
    "azure/error-429-grok-4-1-fast-non-reasoning-ruby-llm-c37d1c": ("azure", "429"),
    "gemini/error-400-gemini-2-5-flash-ruby-llm-26525e": ("gemini", "badkey"),
    "gemini/error-404-gemini-1-5-flash-crewai-ed23de": ("gemini", "nomodel"),
    "gemini/error-429-gemini-2-0-flash-crewai-45045f": ("gemini", "429"),
    "anthropic/error-401-claude-sonnet-4-6-rig-e290d1": ("anthropic", "badkey"),
    "anthropic/error-404-claude-nonexistent-rig-test-rig-15c1b0": ("anthropic", "nomodel"),
    "anthropic/error-400-claude-haiku-4-5-20251001-ruby-llm-458ff1": ("anthropic", "toolong"),
    "ollama/error-404-nonexistent-model-latest-openinference-d00724": ("ollama", "nomodel"),
    "cohere/error-400-command-a-03-2025-ruby-llm-f2ae27": ("cohere", "toolong"),
    "cohere/error-401-command-a-03-2025-ruby-llm-77c7fa": ("cohere", "badkey"),
}


def keys(value: object) -> set[str]:
    """Every key of every object in a JSON value, with the type of what stands there."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    own = {f"{name}: {type(inner).__name__}" for name, inner in value.items() if inner is not None}
    return own.union(*(keys(inner) for inner in value.values())) if value else own


@pytest.mark.parametrize("recording", RECORDED_ERRORS)
async def test_errors_have_status_and_keys_of_the_recorded_ones(recording: str, simulator: Simulator) -> None:
    provider, script = RECORDED_ERRORS[recording]
    wire = provider if provider in WIRES else "openai"
    path, body = question(wire, "hello", "sim")
    exchange = exchanges.load(f"{recording}.json")[-1]
    async with asking.client() as client:
        url = simulator.url + path.replace("plain", provider)
        answer = await client.post(url, json=body, headers={"x-simulate": script})
    assert answer.status_code == exchange.status
    assert keys(json.loads(exchange.body)) - keys(answer.json()) == set()
