"""The official OpenAI SDK in front of a real gateway process in front of a simulator process.

A test file names it in `pytest_plugins`, after `tests.simulation`. One gateway serves all tests of a worker, so
what fails has a provider of its own: a failure there must not be remembered against the others.

PYTEST_DONT_REWRITE: test files both import this module and load it as a plugin, in that order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.gateway.serving import Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess

WIRES = ("openai", "gemini", "anthropic", "ollama", "cohere")
# Providers of OpenAI's wire with an accent of their own.
ACCENTS = ("groq", "mistral", "openrouter", "cerebras", "nvidia")
SHELF = ("vendor/thing-9b:free", "plain-name")
TROUBLES = ("limit", "daily", "badkey", "gone", "long", "filter", "fault", "broken", "busy", "stall")

every_wire = pytest.mark.parametrize("wire", WIRES)


@pytest.fixture(scope="session")
def _gateway(
    _shared_simulator_process: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    providers = [Pretended(wire, wire) for wire in WIRES]
    providers += [Pretended(name) for name in ACCENTS]
    providers += [Pretended(f"{trouble}-{wire}", wire) for trouble in TROUBLES for wire in WIRES]
    providers += [Pretended("priced", settings={"free": False}), Pretended("shelf", models=SHELF)]
    settings = config(_shared_simulator_process.url, providers)
    with gateway(tmp_path_factory.mktemp("clients"), settings) as running:
        yield running


@pytest.fixture
def served(_gateway: Gateway, simulator_process: SimulatorProcess) -> Gateway:
    """The gateway, its simulator without rules and with an empty log."""
    return _gateway


@pytest.fixture
def client(served: Gateway) -> Iterator[openai.OpenAI]:
    """It tries nothing twice, so that what the gateway says is seen."""
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="anything", max_retries=0, timeout=30) as talking:
        yield talking


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def asked_of(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """The chats that reached providers."""
    return simulator.log(operation="chat")
