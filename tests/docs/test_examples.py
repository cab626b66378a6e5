"""The examples of the pages are asked again, of a real server in front of pretended providers."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.home import Home
from tests.docs.pages import README, Block, blocks, followers, tagged
from tests.gateway.serving import Gateway, gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

SERVER, SIMULATOR = "http://127.0.0.1:8001", "http://127.0.0.1:9999"
ASKED = [block for block in blocks("sh") if block.text.startswith("curl ")]
CHANGING = re.compile(r"\d+\.\d\d s|back in \d+ s")


def settings(url: str) -> str:
    return tagged("simulated").text.replace(SIMULATOR, url)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, _shared_simulator_process: SimulatorProcess
) -> Iterator[Gateway]:
    _shared_simulator_process.clear()
    with gateway(tmp_path_factory.mktemp("examples"), settings(_shared_simulator_process.url)) as started:
        yield started


def curl(running: Gateway, block: Block) -> httpx.Response:
    """What this command sends, sent."""
    words = iter(shlex.split(block.text)[1:])
    url, headers, content = "", {}, None
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(":")
                headers[name] = value.strip()
            case "-d":
                content = next(words)
            case "-i":
                pass
            case _:
                url = word
    assert url.startswith(SERVER)
    with httpx.Client(trust_env=False, timeout=30) as client:
        method = "GET" if content is None else "POST"
        return client.request(method, url.replace(SERVER, running.url), headers=headers, content=content)


def without_time(value: Any) -> Any:
    """The same, but for what is different each time."""
    match value:
        case dict():
            return {key: 0 if key == "seconds" else without_time(inner) for key, inner in value.items()}
        case list():
            return [without_time(inner) for inner in value]
        case str():
            return CHANGING.sub("…", value)
    return value


def holds(told: Any, came: Any) -> bool:
    """Whether all of a shortened answer is in the whole one."""
    if isinstance(told, dict) and isinstance(came, dict):
        return all(key in came and holds(value, came[key]) for key, value in told.items())
    if isinstance(told, list) and isinstance(came, list):
        return len(told) <= len(came) and all(map(holds, told, came))
    return bool(told == came)


@pytest.mark.parametrize("block", ASKED, ids=lambda block: block.where)
def test_an_example_is_answered_as_the_page_says(running: Gateway, block: Block) -> None:
    answer = curl(running, block)
    for shown in followers(block):
        match shown.language:
            case "json" if shown.tag:
                assert answer.status_code == int(shown.tag)
                assert without_time(answer.json()) == without_time(json.loads(shown.text))
            case "json":
                assert answer.status_code == 200, answer.text
                assert holds(json.loads(shown.text), answer.json()), answer.text
            case "http":
                assert not missing(shown.text, answer)
            case "text":
                assert_streamed(shown.text, answer.text)
    assert answer.status_code != 500


def missing(shown: str, answer: httpx.Response) -> list[str]:
    """Headers that the page shows and the answer lacks; an id is new each time."""
    first, *lines = shown.splitlines()
    assert first == f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"
    pairs = (line.split(": ", 1) for line in lines)
    return [
        name
        for name, value in pairs
        if answer.headers.get(name) != value and not (name == "X-Request-Id" and name in answer.headers)
    ]


def assert_streamed(shown: str, came: str) -> None:
    """The words of the answer on a line, then the end of the stream as it came."""
    words, end = shown.split("\n", 1)
    chunks = [json.loads(line[6:]) for line in came.splitlines() if line.startswith("data: {")]
    said = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", ()))
    assert said == words
    assert came.rstrip("\n").endswith(end.rstrip("\n"))


def test_a_wrong_example_would_be_noticed() -> None:
    assert not holds({"a": [1]}, {"a": [2]})
    assert not holds({"a": None}, {})
    assert without_time({"seconds": 1, "message": "back in 3 s"}) == without_time(
        {"seconds": 2, "message": "back in 30 s"}
    )


def test_openais_own_client_is_answered_as_the_readme_says(running: Gateway) -> None:
    [block] = blocks("python", page=README)
    done = subprocess.run(
        [sys.executable, "-c", block.text.replace(SERVER, running.url)], env=os.environ, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("echo: Why is the sky blue?\n", "")


def test_the_session_of_the_readme_goes_as_it_is_shown(tmp_path: Path, simulator_process: SimulatorProcess) -> None:
    home = Home(tmp_path)
    home.config.write_text(settings(simulator_process.url), encoding="utf-8")
    simulator_process.script("groq", "429-retry30")
    command, *shown = tagged("session").text.splitlines()
    _, launcher, *arguments = shlex.split(command)
    assert launcher == "./wallasapi"
    outcome = home.run(*arguments)
    told, answer, summary = shown
    assert outcome.out == f"{answer}\n"
    assert [without_time(line) for line in outcome.err.splitlines()] == [without_time(told), without_time(summary)]
