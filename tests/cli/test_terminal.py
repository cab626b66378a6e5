"""`wallasapi chat` on a terminal: rendered, with a spinner, and never at the mercy of what a model says."""

import time

import pytest

from tests.cli.home import Home
from tests.cli.pseudo import replayed, terminal
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

ESCAPE = "\x1b"


@pytest.fixture
def ready(home: Home, simulator_process: SimulatorProcess) -> Home:
    home.settle(simulator_process.url)
    return home


def test_markdown_is_rendered(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "say:# Title\n\nSome **bold** text.\n")
    with terminal(ready, "chat", "hi") as shown:
        assert shown.end() == 0
    assert "**" not in shown.text
    assert "# " not in shown.text
    assert f"{ESCAPE}[1mbold{ESCAPE}[0m" in shown.text


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [((), {"NO_COLOR": "1"}), (("--color", "never"), {}), ((), {"TERM": "dumb"}), ((), {"CLICOLOR": "0"})],
)
def test_who_wants_no_colours_gets_no_escape_code_at_all(
    ready: Home, simulator_process: SimulatorProcess, arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    simulator_process.script("*", "wait600-think3-say:**bold**")
    with terminal(ready, "chat", "-v", "hi", *arguments, environ=environ) as shown:
        assert shown.end() == 0
    assert "**bold**" in shown.text
    assert "asking " in shown.text  # the spinner was there
    assert ESCAPE not in shown.text


def test_raw_leaves_markdown_alone(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "say:**bold**")
    with terminal(ready, "chat", "--raw", "hi") as shown:
        shown.end()
    assert "**bold**\n" in shown.text


def test_after_a_moment_of_silence_it_says_who_is_asked_and_who_has_failed(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    first = ready.run("explain", "hi", "--json").data["candidates"][0]["provider"]
    second = "groq" if first == "mistral" else "mistral"
    simulator_process.script(first, "429-retry30")
    simulator_process.script(second, "wait1500")
    with terminal(ready, "chat", "hi", "--raw", columns=200) as shown:
        shown.read(lambda text: f"asking {second}:" in text)
        assert f"(after {first}:" in shown.read(lambda text: ": rate_limited)" in text)
        assert shown.end() == 0
    line = shown.text.splitlines()[-1]
    assert line.rpartition("\r")[2] == "echo: hi", "the spinner was not wiped away"


def test_an_answer_within_the_moment_shows_no_spinner(ready: Home) -> None:
    with terminal(ready, "chat", "--raw", "hi") as shown:
        shown.end()
    assert shown.text == "echo: hi\n"


def test_a_model_cannot_steer_the_terminal(ready: Home, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("*", "say:safe \x1b]0;owned\x07\x1b[2J\x9b31m end")
    for flag in ("--raw", "--verbose"):
        with terminal(ready, "chat", "hi", flag) as shown:
            shown.end()
        assert "safe" in shown.text
        for code in (f"{ESCAPE}]", f"{ESCAPE}[2J", "\x07", "\x9b"):
            assert code not in shown.text


def test_no_prompt_shows_the_help_and_waits_for_nobody(ready: Home) -> None:
    began = time.monotonic()
    with terminal(ready, "chat") as shown:
        assert shown.end() == 0
    assert shown.text.startswith("Usage: wallasapi chat ")
    assert time.monotonic() - began < 10


def test_no_prompt_with_json_is_wrong_usage(ready: Home) -> None:
    with terminal(ready, "chat", "--json") as shown:
        assert shown.end() == 2
    assert '"code": "usage"' in shown.text


def test_a_prompt_that_is_typed_is_asked_for_explicitly(ready: Home, simulator_process: SimulatorProcess) -> None:
    with terminal(ready, "chat", "-", "--raw") as shown:
        shown.read(lambda text: "Ctrl-D" in text)
        shown.type(b"typed\n\x04")
        assert shown.end() == 0
    assert shown.text.endswith("echo: typed\n")


def test_ctrl_c_on_the_keyboard_is_130_and_leaves_a_clean_line(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("*", "c9-d5-stall4")
    with terminal(ready, "chat", "hi") as shown:
        shown.read(lambda text: "word4" in text)
        began = time.monotonic()
        shown.type(b"\x03")
        assert shown.end() == 130
    assert time.monotonic() - began < 5
    assert "Traceback" not in shown.text
    assert shown.text.endswith("\n")


def test_a_long_answer_on_a_small_screen_is_all_there(ready: Home, simulator_process: SimulatorProcess) -> None:
    items = "\n".join(f"- item number {number}" for number in range(60))
    simulator_process.script("*", f"d2-say:{items}\n\nthe end")
    with terminal(ready, "chat", "hi", columns=40, lines=10) as shown:
        shown.end()
    kept = replayed(shown.text, lines=10)
    for number in range(60):
        assert sum(f"item number {number}" == line.strip(" •") for line in kept) == 1, number
    assert kept[-1] == "the end"
