"""The simulator as a process of its own."""

from __future__ import annotations

import httpx

from tests.simulation import SimulatorProcess, start_process, stop_process

pytest_plugins = ("tests.simulation",)


def test_it_says_where_it_listens_and_stops_cleanly_when_told() -> None:
    running = start_process("--script", "groq=500")
    try:
        answer = httpx.post(
            f"{running.url}/groq/v1/chat/completions",
            json={"model": "m", "messages": [{"role": "user", "content": "hi"}]},
        )
        assert answer.status_code == 500
    finally:
        assert stop_process(running) == 0


def test_its_behaviour_is_changed_while_it_runs(simulator_process: SimulatorProcess) -> None:
    simulator_process.script("groq", "503", "ok")
    url = f"{simulator_process.url}/groq/v1/chat/completions"
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert [httpx.post(url, json=body).status_code for _ in range(3)] == [503, 200, 200]
    assert [entry["status"] for entry in simulator_process.log(provider="groq")] == [503, 200, 200]
    assert simulator_process.stats()["in_flight"] == 0


def test_it_stops_with_the_program_that_started_it() -> None:
    running = start_process()
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert running.process.wait(timeout=10) == 0
    assert running.process.stdout is not None
    running.process.stdout.close()
