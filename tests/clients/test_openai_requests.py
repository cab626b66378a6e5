"""What a program sends through the OpenAI SDK reaches the provider, or is named in `X-Wallas-Dropped`."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests.clients.talking import SHELF, WIRES, asked_of, every_wire, user
from tests.gateway.serving import Gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation", "tests.clients.talking")

CONVERSATION: Any = [
    {"role": "developer", "content": "Be short.", "name": "ops"},
    {"role": "user", "content": "hello", "name": "ann"},
    {"role": "assistant", "content": "hi"},
    {"role": "user", "content": [{"type": "text", "text": "and "}, {"type": "text", "text": "now?"}]},
]
FIELDS: Any = {
    "max_completion_tokens": 77,
    "metadata": {"team": "blue"},
    "store": True,
    "seed": 7,
    "temperature": 0.25,
    "top_p": 0.75,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "top_logprobs": 2,
    "stop": ["END", "STOP"],
    "user": "ann",
    "service_tier": "auto",
    "parallel_tool_calls": False,
    "prompt_cache_key": "k",
    "safety_identifier": "s",
}
UNKNOWN: Any = {"x_future": {"deep": [1, None, "two"]}, "cache_prompt": True}
# Where each wire has the field, as the simulator's log of its body shows it.
PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "gemini": {
        "max_completion_tokens": ("generationConfig", "maxOutputTokens"),
        "seed": ("generationConfig", "seed"),
        "temperature": ("generationConfig", "temperature"),
        "top_p": ("generationConfig", "topP"),
        "frequency_penalty": ("generationConfig", "frequencyPenalty"),
        "presence_penalty": ("generationConfig", "presencePenalty"),
        "stop": ("generationConfig", "stopSequences"),
        "logprobs": ("generationConfig", "responseLogprobs"),
        "top_logprobs": ("generationConfig", "logprobs"),
    },
    "anthropic": {
        "max_completion_tokens": ("max_tokens",),
        "temperature": ("temperature",),
        "top_p": ("top_p",),
        "stop": ("stop_sequences",),
        "user": ("metadata", "user_id"),
    },
    "ollama": {
        "max_completion_tokens": ("options", "num_predict"),
        "seed": ("options", "seed"),
        "temperature": ("options", "temperature"),
        "top_p": ("options", "top_p"),
        "frequency_penalty": ("options", "frequency_penalty"),
        "presence_penalty": ("options", "presence_penalty"),
        "stop": ("options", "stop"),
        "logprobs": ("logprobs",),
        "top_logprobs": ("top_logprobs",),
    },
    "cohere": {
        "max_completion_tokens": ("max_tokens",),
        "seed": ("seed",),
        "temperature": ("temperature",),
        "top_p": ("p",),
        "frequency_penalty": ("frequency_penalty",),
        "presence_penalty": ("presence_penalty",),
        "stop": ("stop_sequences",),
        "logprobs": ("logprobs",),
    },
}


def sent(simulator: SimulatorProcess) -> dict[str, Any]:
    body = asked_of(simulator)[-1]["body"]
    assert isinstance(body, dict)
    return body


def test_everything_survives_to_a_provider_of_the_same_wire(
    client: openai.OpenAI, simulator_process: SimulatorProcess
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="busy-openai:sim", messages=CONVERSATION, **FIELDS, extra_body=UNKNOWN
    )
    assert "x-wallas-dropped" not in raw.headers
    assert sent(simulator_process) == {"model": "sim", "messages": CONVERSATION, **FIELDS, **UNKNOWN}


@pytest.mark.parametrize("wire", WIRES[1:])
def test_on_another_wire_every_field_is_in_its_place_or_named(
    client: openai.OpenAI, simulator_process: SimulatorProcess, wire: str
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=f"busy-{wire}:sim", messages=CONVERSATION, **FIELDS, extra_body=UNKNOWN
    )
    assert str(raw.parse().choices[0].message.content).split() == ["echo:", "and", "now?"]
    dropped = raw.headers["x-wallas-dropped"].split(", ")
    body = sent(simulator_process)
    for name, value in {**FIELDS, **UNKNOWN}.items():
        place = PLACES[wire].get(name)
        if place is None:
            assert name in dropped
            continue
        found: Any = body
        for step in place:
            found = found[step]
        # Cohere's penalties begin at 0: what had to be changed is named as well.
        assert (name in dropped) is (found != value)
    assert "Be short." in json.dumps(body)


@every_wire
def test_headers_say_who_answered(client: openai.OpenAI, wire: str) -> None:
    for stream in (False, True):
        raw = client.chat.completions.with_raw_response.create(
            model=f"{wire}:sim", messages=user("hello"), stream=stream, extra_headers={"X-Request-Id": "mine-17"}
        )
        assert raw.headers["x-wallas-provider"] == wire
        assert raw.headers["x-wallas-model"] == "sim"
        assert raw.headers["x-wallas-profile"] == "none"
        assert raw.headers["x-wallas-attempts"] == "1"
        assert raw.headers["x-wallas-route-id"] == f"{wire}::sim"
        assert raw.headers["x-wallas-routing-reason"]
        assert raw.headers["x-request-id"] == raw.request_id == "mine-17"
        assert raw.headers["content-type"] == ("text/event-stream" if stream else "application/json")


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    listed = client.models.list().data
    assert {"auto", "rapido", *(f"shelf:{name}" for name in SHELF)} <= {model.id for model in listed}
    assert all(model.object == "model" and isinstance(model.created, int) and model.owned_by for model in listed)
    assert client.models.retrieve("auto").id == "auto"


@pytest.mark.parametrize("name", SHELF)
def test_a_model_is_found_whatever_stands_in_its_name(client: openai.OpenAI, name: str) -> None:
    found = client.models.retrieve(f"shelf:{name}")
    assert (found.id, found.owned_by) == (f"shelf:{name}", "shelf")


@pytest.mark.parametrize("name", ["shelf:nobody/nothing:free", "shelf:openai/gpt-oss-20b", "no-such-model-7z"])
def test_a_model_that_is_not_there_is_not_replaced_by_a_namesake(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_list_of_models_is_ours_and_goes_no_further(
    client: openai.OpenAI, simulator_process: SimulatorProcess
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="broken-cohere:sim-500", messages=user("hello"), extra_body={"models": ["gemini:sim", "openai:sim"]}
    )
    assert raw.headers["x-wallas-provider"] == "gemini"
    assert raw.parse().choices[0].message.content == "echo: hello"
    assert all("models" not in entry["body"] for entry in asked_of(simulator_process))


async def test_the_asynchronous_client_sends_the_same(served: Gateway, simulator_process: SimulatorProcess) -> None:
    async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client:
        await client.chat.completions.create(
            model="busy-openai:sim", messages=CONVERSATION, **FIELDS, extra_body=UNKNOWN
        )
        assert sent(simulator_process) == {"model": "sim", "messages": CONVERSATION, **FIELDS, **UNKNOWN}
        assert "auto" in [model.id async for model in client.models.list()]
