"""Who decides how a request is answered: header, then model name, then rules."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.simulator import asking
from tests.simulator.asking import question
from wallascli.simulator import Simulator, UnknownWord
from wallascli.simulator.routes import route

pytest_plugins = ("tests.simulation",)


async def status(simulator: Simulator, provider: str = "groq", model: str = "m", **headers: str) -> int:
    path, body = question("openai", "hello", model)
    async with asking.client() as client:
        url = simulator.url + path.replace("plain", provider)
        return (await client.post(url, json=body, headers=headers)).status_code


async def test_header_then_model_then_rule(simulator: Simulator) -> None:
    simulator.script("groq", "503")
    assert await status(simulator) == 503
    assert await status(simulator, model="sim-502") == 502
    assert await status(simulator, model="sim") == 503
    assert await status(simulator, model="sim-502", **{"x-simulate": "500"}) == 500
    assert await status(simulator, provider="mistral") == 200


async def test_the_narrowest_rule_decides(simulator: Simulator) -> None:
    simulator.script("*", "500")
    simulator.script("groq", "501")
    simulator.script("groq", "502", model="m2")
    simulator.script("groq", "503", key="key-b")
    assert await status(simulator, "other") == 500
    assert await status(simulator) == 501
    assert await status(simulator, model="m2") == 502
    assert await status(simulator, model="m2", authorization="Bearer key-b") == 503
    simulator.script("groq", "ok", model="m2")
    assert await status(simulator, model="m2") == 200


async def test_several_scripts_are_given_one_by_one_and_each_provider_counts_for_itself(
    simulator: Simulator,
) -> None:
    simulator.script("groq", "500", "429", "ok")
    simulator.script("mistral", "503", "ok")
    assert [await status(simulator) for _ in range(4)] == [500, 429, 200, 200]
    assert [await status(simulator, "mistral") for _ in range(2)] == [503, 200]


async def test_lists_of_models_do_not_use_up_scripts_for_chats(simulator: Simulator) -> None:
    simulator.script("groq", "500", "ok")
    async with asking.client() as client:
        assert (await client.get(f"{simulator.url}/groq/v1/models")).status_code == 200
        assert await status(simulator) == 500
        simulator.script("groq", "401", operation="models")
        assert (await client.get(f"{simulator.url}/groq/v1/models")).status_code == 401
        assert await status(simulator) == 200
        simulator.script("groq", "reset", operation="")
        with pytest.raises(httpx.ReadError):
            await client.get(f"{simulator.url}/groq/v1/models")


async def test_keys_and_models_that_a_provider_has(simulator: Simulator) -> None:
    simulator.order(provider="groq", keys=["key-a", "key-b"], models=["m"])
    assert await status(simulator) == 401
    assert await status(simulator, authorization="Bearer key-a") == 200
    assert await status(simulator, model="other", authorization="Bearer key-a") == 404
    assert await status(simulator, model="sim-502", authorization="Bearer key-b") == 502
    simulator.clear()
    assert await status(simulator, model="other") == 200


async def test_a_recorded_list_of_models_is_given_as_it_stands(simulator: Simulator) -> None:
    listing = {"data": [{"id": "a", "pricing": {"prompt": "0"}}]}
    simulator.order(provider="openrouter", listing=listing)
    async with asking.client() as client:
        assert (await client.get(f"{simulator.url}/openrouter/api/v1/models")).json() == listing


async def test_orders_over_http_are_taken_or_refused_with_a_reason(simulator: Simulator) -> None:
    async with asking.client() as client:
        url = f"{simulator.url}/_simulator/script"
        assert (await client.post(url, json={"provider": "groq", "script": ["500", "ok"]})).json() == {"ok": True}
        assert [await status(simulator) for _ in range(2)] == [500, 200]
        wrong = await client.post(url, json={"provider": "groq", "script": "nope"})
        assert (wrong.status_code, wrong.json()) == (400, {"error": "unknown word nope"})
        assert (await client.post(url, json={"handshake": "polite"})).status_code == 400
        assert (await client.post(url, content=b"{")).status_code == 400
        await client.delete(url)
        assert await status(simulator) == 200
        assert "badframeK" in (await client.get(f"{simulator.url}/_simulator/words")).text


def test_a_wrong_script_is_refused_when_it_is_given() -> None:
    with pytest.raises(UnknownWord):
        Simulator(scripts={"groq": "c5-nope"})


async def test_a_model_name_with_an_unknown_word_is_an_unknown_model(simulator: Simulator) -> None:
    assert await status(simulator, model="sim-nope") == 404


PATHS = [
    ("POST", "/groq/openai/v1/chat/completions", {}, ("groq", "openai", "chat")),
    ("POST", "/v1/chat/completions", {}, ("default", "openai", "chat")),
    ("POST", "/chat/completions", {}, ("default", "openai", "chat")),
    ("POST", "/openai/v1/chat/completions", {}, ("openai", "openai", "chat")),
    ("POST", "/pollinations/openai", {}, ("pollinations", "openai", "chat")),
    ("POST", "/openrouter/api/v1/chat/completions", {}, ("openrouter", "openai", "chat")),
    ("POST", "/gemini/v1beta/openai/chat/completions", {}, ("gemini", "openai", "chat")),
    ("POST", "/g/v1beta/models/a/b:generateContent", {}, ("g", "gemini", "chat")),
    ("POST", "/v1beta/models/m:countTokens", {}, ("default", "gemini", "count")),
    ("POST", "/anthropic/v1/messages", {}, ("anthropic", "anthropic", "chat")),
    ("POST", "/api/chat", {}, ("default", "ollama", "chat")),
    ("POST", "/box/api/show", {}, ("box", "ollama", "show")),
    ("POST", "/cohere/v2/chat", {}, ("cohere", "cohere", "chat")),
    ("GET", "/groq/openai/v1/models", {}, ("groq", "openai", "models")),
    ("GET", "/anthropic/v1/models", {"anthropic-version": "x"}, ("anthropic", "anthropic", "models")),
    ("GET", "/gemini/v1beta/models", {}, ("gemini", "gemini", "models")),
    ("GET", "/cohere/v1/models", {}, ("cohere", "cohere", "models")),
    ("GET", "/mine/v1/models?page_size=1000&endpoint=chat", {}, ("mine", "cohere", "models")),
    ("GET", "/mine/models?pageSize=1000", {}, ("mine", "gemini", "models")),
    ("GET", "/v1/chat/completions", {}, None),
]


@pytest.mark.parametrize(("method", "path", "headers", "expected"), PATHS)
def test_paths_lead_to_a_wire_and_a_provider(
    method: str, path: str, headers: dict[str, str], expected: Any
) -> None:
    address, _, query = path.partition("?")
    target = route(method, address, dict(parse_qsl(query)), headers)
    assert (target and (target.provider, target.wire, target.operation)) == expected
