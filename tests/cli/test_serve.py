"""`wallasapi serve --foreground`, the bare `wallasapi`, and `wallasapi simulate`: processes that stay."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import Home, interrupted
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)


@contextmanager
def running(home: Home, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A process that stays, and the object that it printed when it was ready."""
    process = home.start(*arguments, "--json")
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, process.communicate()[1].decode()
        yield process, json.loads(line)["data"]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def post(url: str, body: object) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode())
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return dict(json.load(answer))


CHAT = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}


def test_it_serves_where_the_flags_say_until_it_is_told_to_stop(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url, more="[server]\nport = 1")
    with running(home, "serve", "--foreground", "--port", "0") as (process, ready):
        answer = post(f"{ready['url']}/v1/chat/completions", CHAT)
        assert answer["choices"][0]["message"]["content"] == "echo: hi"
        assert ready["pid"] == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_the_bare_command_serves_and_tells_a_person_how_to_use_it(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url, more="[server]\nport = 0")
    process = home.start(bufsize=0)
    assert process.stderr is not None
    told = b""
    while b"Ctrl-C stops it." not in told:
        told += process.stderr.readline()
    outcome, _ = interrupted(process)
    assert outcome.code in (0, 130)
    assert told.startswith(b"WallasAPI listens on http://127.0.0.1:")
    assert b"OPENAI_BASE_URL=http://127.0.0.1:" in told
    assert outcome.out == ""
    assert "Traceback" not in outcome.err


def test_how_to_use_it_is_told_as_it_works(home: Home) -> None:
    everywhere = ("serve", "--foreground", "--host", "0.0.0.0", "--port", "0")
    process = home.start(*everywhere, environ={"PROXY_API_KEY": "a-secret"}, bufsize=0)
    assert process.stderr is not None
    told = b""
    while b"Ctrl-C stops it." not in told:
        told += process.stderr.readline()
    interrupted(process)
    assert told.startswith(b"WallasAPI listens on http://0.0.0.0:")
    assert b"OPENAI_BASE_URL=http://127.0.0.1:" in told
    assert b"curl http://127.0.0.1:" in told
    assert b"Authorization: Bearer one-of-your-client-keys" in told
    assert b"anything" not in told


def test_strangers_are_not_let_in_by_accident(home: Home) -> None:
    outcome = home.run("serve", "--foreground", "--host", "0.0.0.0", "--port", "0")
    assert outcome.code == 1
    assert "--insecure" in outcome.err


def test_a_port_that_is_taken_is_said_so(home: Home, simulator_process: SimulatorProcess) -> None:
    outcome = home.run("serve", "--foreground", "--port", str(simulator_process.port))
    assert outcome.code == 1
    assert f":{simulator_process.port}" in outcome.err
    assert "--port" in outcome.err


def test_the_same_holds_for_pretended_providers(home: Home, simulator_process: SimulatorProcess) -> None:
    outcome = home.run("simulate", "--port", str(simulator_process.port))
    assert outcome.code == 2
    assert outcome.err.startswith(
        f"error: cannot listen on port {simulator_process.port}: Address already in use\n"
    )


def test_the_simulator_serves_scripts_from_the_command_line_and_from_a_file(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "faults.txt"
    file.write_text("# how they behave\nmistral = say:from a file\n\ncohere=500\n")
    arguments = ("simulate", "--script", "groq=429", "--script", "groq=say:twice", "--script", str(file))
    with running(home, *arguments) as (process, ready):
        url = f"{ready['url']}/groq/openai/v1/chat/completions"
        with pytest.raises(urllib.error.HTTPError, match="429"):
            post(url, CHAT)
        assert post(url, CHAT)["choices"][0]["message"]["content"] == "twice"
        answer = post(f"{ready['url']}/mistral/v1/chat/completions", CHAT)
        assert answer["choices"][0]["message"]["content"] == "from a file"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) in (0, 130)


@pytest.mark.parametrize("script", ["groq", "=500", "groq=nonsense"])
def test_a_script_that_means_nothing_is_wrong_usage(home: Home, script: str) -> None:
    outcome = home.run("simulate", "--script", script)
    assert outcome.code == 2
    assert "--words" in outcome.err


def test_the_words_of_scripts_are_printed(home: Home) -> None:
    assert "retryN" in home.run("simulate", "--words").out
