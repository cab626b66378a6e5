"""The first moments of a gateway, and lists of models that come late, never, or make no sense."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.answers import Answer, read
from tests.gateway.serving import BASES, Gateway, NotStarted, Pretended, config, gateway, start
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

ODD_LISTS: tuple[Any, ...] = (
    None,
    5,
    "models",
    [],
    [None],
    [5],
    {},
    {"data": None},
    {"data": 5},
    {"data": {"id": "x"}},
    {"data": [None, 5, "x", [], {}]},
    {"data": [{"id": None}, {"id": 5}, {"id": []}, {"id": "fine", "context_length": "many"}]},
    {"data": [{"id": "fine", "architecture": 5, "pricing": "free", "capabilities": [5], "modalities": {}}]},
    {"models": None},
    {"models": 5},
    {"models": [None, 5, "x", [], {}]},
    {"models": [{"name": 5}, {"name": None}, {"name": "fine", "details": 5, "capabilities": 5}]},
    {"models": [{"name": "models/fine", "supportedGenerationMethods": 5, "inputTokenLimit": "many"}]},
    {"models": [{"name": "fine", "endpoints": 5, "context_length": [], "features": 5}]},
    {"error": {"message": "no list for you"}},
)


def asked(running: Gateway, model: str, **options: Any) -> Answer:
    began = time.monotonic()
    response = running.ask(model, **options)
    return read(response, time.monotonic() - began)


@pytest.fixture
def slow_lists(simulator_process: SimulatorProcess) -> SimulatorProcess:
    simulator_process.order(provider="late", script=["wait700"], operation="models", models=["only-there"])
    simulator_process.order(provider="never", script=["stall"], operation="models")
    return simulator_process


@pytest.mark.parametrize("model", ["only-there", "auto"])
def test_a_request_just_after_the_start_waits_for_lists_under_way(
    tmp_path: Path, slow_lists: SimulatorProcess, model: str
) -> None:
    with gateway(tmp_path, config(slow_lists.url, [Pretended("late"), Pretended("never")])) as running:
        answer = asked(running, model)
    assert (answer.status, answer.text, answer.headers["x-wallas-provider"]) == (200, "echo: hello", "late")
    assert answer.seconds < 2.5


def test_who_can_be_asked_already_waits_for_no_list(tmp_path: Path, slow_lists: SimulatorProcess) -> None:
    providers = [Pretended("never"), Pretended("well", models=("sim",))]
    with gateway(tmp_path, config(slow_lists.url, providers)) as running:
        for model in ("well:sim", "sim", "auto", "never:anything"):
            answer = asked(running, model)
            assert (answer.text, answer.seconds < 0.6) == ("echo: hello", True), model


def test_a_model_of_a_local_server_that_tells_late_is_not_asked_of_others(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    simulator_process.order(provider="ollama", script=["wait400"], operation="models", models=["gpt-oss:20b"])
    ollama = Pretended("ollama", "ollama")
    groq = Pretended("groq", models=("openai/gpt-oss-20b",))
    with gateway(tmp_path, config(simulator_process.url, [ollama, groq])) as running:
        assert asked(running, "gpt-oss:20b").headers["x-wallas-provider"] == "ollama"


def test_a_list_that_never_comes_delays_a_typo_by_seconds_and_no_more(
    tmp_path: Path, slow_lists: SimulatorProcess
) -> None:
    with gateway(tmp_path, config(slow_lists.url, [Pretended("never")])) as running:
        answer = asked(running, "only-there", headers={"X-Wallas-Deadline": "0.5"})
        assert answer.status == 404
        assert answer.seconds < 1.2
        assert running.get("/health").status_code == 200


@pytest.mark.parametrize("wire", BASES)
def test_a_list_that_makes_no_sense_harms_nobody(
    tmp_path: Path, simulator_process: SimulatorProcess, wire: str
) -> None:
    odd = [Pretended(f"odd{number}", wire) for number in range(len(ODD_LISTS))]
    for provider, listing in zip(odd, ODD_LISTS, strict=True):
        simulator_process.order(provider=provider.name, wire=wire, listing=listing)
    with gateway(tmp_path, config(simulator_process.url, [*odd, Pretended("well", models=("sim",))])) as running:
        assert asked(running, "well:sim").text == "echo: hello"
        assert asked(running, "auto").text == "echo: hello"
        assert asked(running, "no-such-model").status == 404
        for path in ("/v1/models", "/v1/providers", "/v1/stats", "/health"):
            assert running.get(path).status_code == 200, path
        # They are asked all the same: a list is no condition.
        assert {asked(running, f"{provider.name}:sim").text for provider in odd} == {"echo: hello"}


@pytest.mark.parametrize("wire", BASES)
def test_neither_a_spoilt_cache_nor_a_page_in_its_stead_keeps_anybody_from_asking(
    tmp_path: Path, simulator_process: SimulatorProcess, wire: str
) -> None:
    settings = config(simulator_process.url, [Pretended("odd", wire), Pretended("well", models=("sim",))])
    with gateway(tmp_path, settings) as running:
        assert asked(running, "odd:sim").text == "echo: hello"
    simulator_process.order(provider="odd", script=["html"], operation="models")
    for spoilt in (b"not JSON", b"\xff\xfe", b"[" * 5000):
        for listing in (tmp_path / "cache" / "listings").iterdir():
            listing.write_bytes(spoilt)
        with gateway(tmp_path, settings) as running:
            assert {asked(running, name).text for name in ("odd:sim", "well:sim", "auto")} == {"echo: hello"}, (
                spoilt
            )
            assert asked(running, "no-such-model").status == 404


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("[server", "line 1"),
        ("[routing]\nallow_paid = 'x'", "line 2"),
        ("[providers.nobody]\nkeys = ['k']", "base_url"),
        ("[server]\nhost = '0.0.0.0'", "--insecure"),
        ("[server]\nhost = '192.0.2.1'\nkeys = ['k']", "Cannot listen on"),
    ],
)
def test_what_a_person_must_mend_is_said_in_words(tmp_path: Path, settings: str, words: str) -> None:
    with pytest.raises(NotStarted) as refusal:
        start(tmp_path, settings)
    assert words in str(refusal.value)
    assert "Traceback" not in str(refusal.value)
