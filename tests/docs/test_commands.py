"""Every command that the pages show does what they say: it ends well, or its options at least exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.home import Home
from tests.docs.pages import ROOT, commands, inline_commands, shell_lines
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

# They stay until they are told to stop, and so does the command without a word.
STAYING = ("serve", "simulate")
MODELS = {
    "gemini": "gemini-3.5-flash",
    "groq": "openai/gpt-oss-120b",
    "mistral": "mistral-small-2603",
}
ALIAS = '[aliases]\nwork = ["groq:openai/gpt-oss-120b", "mistral:mistral-small-2603"]'

LINES = shell_lines()
STAY = [entry for entry in LINES if any(not call or call[0] in STAYING for call in commands(entry[1]))]
END = [entry for entry in LINES if entry not in STAY]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def ready(home: Home, simulator_process: SimulatorProcess) -> Home:
    home.settle(simulator_process.url, models=MODELS, more=ALIAS)
    return home


def shell(home: Home, line: str) -> subprocess.CompletedProcess[str]:
    """The line as a person types it, with our command in the path and in the folder."""
    for launcher in (home.folder / "here/wallasapi", home.folder / "bin/wallasapi"):
        launcher.parent.mkdir(exist_ok=True)
        launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wallascli "$@"\n')
        launcher.chmod(0o755)
    environ = home.environ()
    environ["PATH"] = f"{home.folder / 'bin'}:{environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line], cwd=home.folder / "here", env=environ, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip


def test_the_pages_show_commands_of_both_kinds() -> None:
    assert len(END) > 8
    assert len(STAY) >= 2


@pytest.mark.parametrize(("where", "line"), END, ids=[where for where, _ in END])
def test_a_command_of_the_pages_ends_well(ready: Home, where: str, line: str) -> None:
    done = shell(ready, line)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "bug" not in done.stderr


@pytest.mark.parametrize(("where", "line"), STAY, ids=[where for where, _ in STAY])
def test_options_of_a_command_that_stays_exist(home: Home, where: str, line: str) -> None:
    for call in commands(line):
        outcome = home.run(*call, "--help")
        assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize(
    "arguments", [arguments for _, arguments in inline_commands()], ids=[where for where, _ in inline_commands()]
)
def test_options_of_a_command_inside_a_sentence_exist(home: Home, arguments: list[str]) -> None:
    outcome = home.run(*arguments, "--help")
    assert (outcome.code, outcome.err) == (0, "")


def test_an_option_that_does_not_exist_would_be_noticed(home: Home) -> None:
    assert home.run("chat", "--modell", "x", "--help").code == 2


def test_the_first_two_commands_are_all_that_somebody_new_types(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    """Only Gemini's key, from the environment, and nothing else set: the address stands in for Google's."""
    _, line = next(entry for entry in LINES if "export" in entry[1] and "chat" in entry[1])
    home.config.write_text(
        "[providers.ollama]\nenabled = false\n"
        f'[providers.gemini]\nbase_url = "{simulator_process.url}/gemini/v1beta"\n',
        encoding="utf-8",
    )
    done = shell(home, line)
    assert (done.returncode, done.stdout, done.stderr) == (0, "echo: Why is the sky blue?\n", "")
    assert [entry["provider"] for entry in simulator_process.log(operation="chat")] == ["gemini"]


def test_the_example_of_a_settings_file_is_there_to_be_copied(home: Home) -> None:
    shutil.copy(ROOT / ".env.example", home.folder / "here/.env")
    assert shell(home, "./wallasapi config explain").returncode == 0
