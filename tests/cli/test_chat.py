"""`wallasapi chat` in pipes: the answer on stdout, nothing else, and what stdin means."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import Home, command, interrupted
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

MARKDOWN = "say:# Title\n\nSome *text*:\n\n- one\n- two\n"


@pytest.fixture
def ready(home: Home, simulator_process: SimulatorProcess) -> Home:
    home.settle(simulator_process.url)
    return home


def asked(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """The messages of the only chat that was asked."""
    [entry] = simulator.log(operation="chat")
    messages: list[dict[str, Any]] = entry["body"]["messages"]
    return messages


def test_stdout_is_the_answer_and_a_newline_and_nothing_else(ready: Home) -> None:
    outcome = ready.run("chat", "hi")
    assert (outcome.code, outcome.out, outcome.err) == (0, "echo: hi\n", "")


def test_the_argument_is_the_instruction_and_stdin_follows_it(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    ready.run("chat", "review this", given="a diff\n")
    assert asked(simulator_process) == [{"role": "user", "content": "review this\n\na diff"}]


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_stdin_alone_is_the_prompt(
    ready: Home, simulator_process: SimulatorProcess, arguments: tuple[str, ...]
) -> None:
    ready.run("chat", *arguments, given="what is this?\n")
    assert asked(simulator_process) == [{"role": "user", "content": "what is this?"}]


@pytest.mark.parametrize("arguments", [(), ("-",), ("",), ("  ",)])
def test_nothing_to_ask_is_wrong_usage_and_asks_nobody(
    ready: Home, simulator_process: SimulatorProcess, arguments: tuple[str, ...]
) -> None:
    outcome = ready.run("chat", *arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "there is nothing to ask" in outcome.err
    assert not simulator_process.log()


def test_what_is_no_text_is_refused_before_anybody_is_asked(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    outcome = ready.run("chat", "read this", given=b"\x89PNG\x00\x00")
    assert outcome.code == 2
    assert "standard input is not text" in outcome.err
    assert not simulator_process.log()


def test_a_byte_that_is_no_utf8_does_not_stop_the_rest(ready: Home, simulator_process: SimulatorProcess) -> None:
    ready.run("chat", given=b"caf\xe9 au lait")
    assert asked(simulator_process)[0]["content"] == "caf\N{REPLACEMENT CHARACTER} au lait"


def test_the_system_prompt_comes_as_text_or_from_a_file(ready: Home, simulator_process: SimulatorProcess) -> None:
    (ready.folder / "here/brief.txt").write_text("Be brief.\n")
    ready.run("chat", "-s", "@brief.txt", "hi")
    assert asked(simulator_process)[0] == {"role": "system", "content": "Be brief."}
    simulator_process.clear()
    ready.run("chat", "-s", "Be long.", "hi")
    assert asked(simulator_process)[0] == {"role": "system", "content": "Be long."}


def test_a_system_prompt_that_cannot_be_read_asks_nobody(ready: Home, simulator_process: SimulatorProcess) -> None:
    outcome = ready.run("chat", "-s", "@nowhere.txt", "hi")
    assert outcome.code == 2
    assert outcome.err.startswith("error: cannot read nowhere.txt: No such file")
    assert not simulator_process.log()


def test_a_pipe_gets_markdown_as_it_was_written_and_no_escape_code(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("*", MARKDOWN)
    outcome = ready.run("chat", "hi", "-v")
    assert outcome.out == MARKDOWN.removeprefix("say:")
    assert "\x1b" not in outcome.out + outcome.err


def test_colour_that_is_asked_for_goes_into_a_pipe_without_moving_the_cursor(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("*", MARKDOWN)
    outcome = ready.run("chat", "hi", "--color", "always")
    assert "\x1b[1" in outcome.out
    assert "Title" in outcome.out
    assert "\x1b[J" not in outcome.out


def test_each_piece_is_written_as_soon_as_it_comes(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "c3-d700")
    process = ready.start("chat", "hi", bufsize=0)
    assert process.stdout is not None
    first = os.read(process.stdout.fileno(), 100)
    began = time.monotonic()
    rest = process.stdout.read()
    assert first == b"word1"
    assert rest == b" word2 word3\n"
    assert time.monotonic() - began > 0.5, "it was held back until the answer was whole"
    process.communicate()


def test_without_a_stream_the_answer_is_the_same(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "c5")
    assert ready.run("chat", "hi", "--no-stream").out == "word1 word2 word3 word4 word5\n"


def test_thoughts_stay_out_of_stdout_and_show_on_stderr_when_wanted(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("*", "think3")
    assert ready.run("chat", "hi").err == ""
    outcome = ready.run("chat", "hi", "-v")
    assert outcome.out == "echo: hi\n"
    assert "Thinking about 'hi': step1 step2 step3\n" in outcome.err


def test_verbose_tells_each_attempt_and_who_answered(ready: Home, simulator_process: SimulatorProcess) -> None:
    first = ready.run("explain", "hi", "--json").data["candidates"][0]
    simulator_process.script(first["provider"], "429-retry30")
    outcome = ready.run("chat", "hi", "-v")
    attempt, *_others_of_that_provider, answer = outcome.err.splitlines()
    assert attempt.startswith(f"{first['provider']}:{first['id']}: rate_limited after 0.")
    assert answer.startswith("mistral:" if first["provider"] == "groq" else "groq:")
    assert outcome.out == "echo: hi\n"


def test_json_is_one_object_with_everything_known_of_the_answer(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    first = ready.run("explain", "hi", "--json").data["candidates"][0]["provider"]
    simulator_process.script(first, "500")
    data = ready.run("chat", "hi", "--json").data
    assert data["text"] == "echo: hi"
    assert data["provider"] != first
    assert data["model"] == {"groq": "openai/gpt-oss-120b", "mistral": "mistral-small-2603"}[data["provider"]]
    assert data["finish_reason"] == "stop"
    assert data["usage"]["total"] == data["usage"]["input"] + data["usage"]["output"] > 0
    assert {attempt["class"] for attempt in data["attempts"]} == {"broken"}
    assert {attempt["status"] for attempt in data["attempts"]} == {500}
    assert (data["tool_calls"], data["dropped"]) == ([], [])


def test_json_has_the_same_fields_when_it_fails(ready: Home, simulator_process: SimulatorProcess) -> None:
    good = ready.run("chat", "hi", "--json").data
    simulator_process.script("*", "500")
    outcome = ready.run("chat", "hi", "--json")
    told = outcome.envelope
    assert (outcome.code, told["ok"], told["error"]["code"]) == (5, False, "all_candidates_failed")
    assert set(told["data"]) == set(good)
    assert {attempt["provider"] for attempt in told["data"]["attempts"]} == {"groq", "mistral"}
    assert outcome.err == ""


def test_what_a_model_stopped_short_is_said_so(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "c5-length")
    outcome = ready.run("chat", "hi")
    assert outcome.out == "word1 word2 word3 word4 word5\n"
    assert outcome.err == "note: the answer ended early (length)\n"


def test_ctrl_c_in_a_stream_that_stalls_is_130_at_once(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "c9-d5-stall3")
    process = ready.start("chat", "hi", bufsize=0)
    assert process.stdout is not None
    said = b""
    while b"word3" not in said:
        said += os.read(process.stdout.fileno(), 100)
    outcome, seconds = interrupted(process)
    assert (outcome.code, outcome.err) == (130, "")
    assert seconds < 5


def test_ctrl_c_before_the_first_word_is_130_at_once(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "stall")
    process = ready.start("chat", "hi")
    while not simulator_process.log(operation="chat"):
        time.sleep(0.02)
    outcome, seconds = interrupted(process)
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")
    assert seconds < 5


SLOW_NAMES = """
import socket, time
def getaddrinfo(*_):
    print("looking up", flush=True)
    time.sleep(30)
socket.getaddrinfo = getaddrinfo
"""


def test_ctrl_c_does_not_wait_for_a_name_that_nobody_answers(home: Home) -> None:
    home.settle("http://nobody.invalid")
    (home.folder / "here/sitecustomize.py").write_text(SLOW_NAMES)
    path = f"{home.folder / 'here'}{os.pathsep}{home.environ()['PYTHONPATH']}"
    process = home.start("chat", "hi", environ={"PYTHONPATH": path})
    assert process.stdout is not None
    assert process.stdout.readline() == b"looking up\n"
    outcome, seconds = interrupted(process)
    assert (outcome.code, outcome.err) == (130, "")
    assert seconds < 10


def test_a_pipe_gets_no_spinner(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "wait600")
    outcome = ready.run("chat", "hi")
    assert (outcome.out, outcome.err) == ("echo: hi\n", "")


def test_who_closes_the_pipe_hears_no_complaint(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "c400-d2")
    process = ready.start("chat", "hi", bufsize=0)
    assert process.stdout is not None
    assert process.stderr is not None
    os.read(process.stdout.fileno(), 5)
    process.stdout.close()
    assert (process.wait(timeout=30), process.stderr.read()) == (141, b"")
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("flag", ["--raw", "--json"])
def test_a_full_disk_is_one_line_and_exit_1(ready: Home, flag: str) -> None:
    with Path("/dev/full").open("wb") as full:
        process = ready.start("chat", "hi", flag, stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.decode().splitlines() == ["error: cannot write to standard output: No space left on device"]


def test_a_stdout_that_was_closed_is_one_line_and_exit_1(ready: Home) -> None:
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", *command("chat", "hi")]
    done = subprocess.run(shell, env=ready.environ(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["error: cannot write to standard output: Bad file descriptor"]


def test_it_needs_no_writable_home(ready: Home) -> None:
    gone = ready.folder / "nowhere"
    gone.touch()  # a file where a folder should be: nothing can be kept below it
    outcome = ready.run("chat", "hi", "--config", str(ready.config), WALLASAPI_HOME=str(gone))
    assert (outcome.code, outcome.out) == (0, "echo: hi\n")


def test_it_works_in_a_locale_without_letters(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "say:naïve 日本語")
    outcome = ready.run("chat", "hi", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (outcome.code, outcome.out) == (0, "na?ve ???\n")
