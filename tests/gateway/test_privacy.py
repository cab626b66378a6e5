"""Local means local: what is asked of this machine never leaves it, whatever fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.answers import Answer, read
from tests.gateway.serving import Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

HERE = {"local": True}
SETTINGS = """[deadlines]
first_byte_last = 2
[fallback]
"shared" = ["away:shared"]
"""


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, _shared_simulator_process: SimulatorProcess
) -> Iterator[Gateway]:
    providers = [
        Pretended("here", "ollama", ("shared", "mine"), HERE),
        Pretended("also", "openai", ("own",), HERE),
        Pretended("away", models=("shared", "own", "remote")),
    ]
    with gateway(
        tmp_path_factory.mktemp("local"), config(_shared_simulator_process.url, providers, SETTINGS)
    ) as started:
        yield started


def asked(running: Gateway, model: str, **headers: str) -> Answer:
    return read(running.ask(model, headers={name.replace("_", "-"): value for name, value in headers.items()}))


def who(simulator: SimulatorProcess) -> set[str]:
    return {entry["provider"] for entry in simulator.log(operation="chat")}


@pytest.mark.parametrize("model", ["shared", "mine", "here:mine", "here:shared"])
@pytest.mark.parametrize("script", ["500", "stall", "reset", "blank", "429", "nomodel", "toolong"])
def test_a_local_model_that_fails_is_an_error_and_nobody_elses_turn(
    running: Gateway, simulator_process: SimulatorProcess, model: str, script: str
) -> None:
    simulator_process.script("here", script)
    answer = asked(running, model, X_Wallas_Deadline="1")
    assert answer.status != 200 or not answer.text
    assert who(simulator_process) <= {"here"}


def test_privacy_local_keeps_every_request_here(running: Gateway, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("here", "500")
    simulator_process.script("also", "500")
    for model in ("auto", "rapido", "remote", "own", "away:remote", "gpt-4o"):
        answer = asked(running, model, X_Wallas_Privacy="local", X_Wallas_Deadline="1")
        assert answer.status >= 400, model
    assert "away" not in who(simulator_process)


def test_privacy_local_finds_another_one_here(running: Gateway, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("here", "503")
    answer = asked(running, "auto", X_Wallas_Privacy="local")
    assert answer.headers["x-wallas-provider"] == "also"
    assert "away" not in who(simulator_process)
