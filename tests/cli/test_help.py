"""Help: every command has an example, a wrong word is guessed, exit codes are told."""

import re

import pytest
import typer

from tests.cli.home import Home
from wallascli.cli.app import COMMANDS
from wallascli.vocab.failures import Outcome

ALL = [*COMMANDS, "config", "config path", "config explain"]


@pytest.mark.parametrize("command", ALL)
def test_every_command_explains_itself_with_an_example(home: Home, command: str) -> None:
    outcome = home.run(*command.split(), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: wallasapi {command}")
    assert "Example" in outcome.out
    assert "  wallasapi " in outcome.out
    assert ("--json" in outcome.out) is (command != "config")


@pytest.mark.parametrize("command", ["", "chat", "config path"])
def test_the_short_flag_does_the_same(home: Home, command: str) -> None:
    assert home.run(*command.split(), "-h").out == home.run(*command.split(), "--help").out


def test_the_root_lists_every_command_and_how_to_begin(home: Home) -> None:
    outcome = home.run("--help")
    for command in (*COMMANDS, "config"):
        assert re.search(rf"^  {command} +\S", outcome.out, re.MULTILINE), command
    assert "wallasapi demo" in outcome.out


@pytest.mark.parametrize(
    ("typed", "meant"), [("chta", "chat"), ("model", "models"), ("simulat", "simulate"), ("--versoin", "--version")]
)
def test_a_wrong_word_is_guessed(home: Home, typed: str, meant: str) -> None:
    outcome = home.run(typed)
    assert (outcome.code, outcome.out) == (2, "")
    assert meant in outcome.err
    assert outcome.err.startswith("error: ")
    assert "hint: `wallasapi --help`" in outcome.err


def test_a_wrong_option_is_told_in_json_too(home: Home) -> None:
    outcome = home.run("chat", "--json", "--modle", "x", "hi")
    assert (outcome.code, outcome.err) == (2, "")
    assert outcome.envelope["error"]["code"] == "usage"
    assert "--model" in outcome.envelope["error"]["message"]


def test_a_prompt_may_begin_with_a_dash_after_two(home: Home) -> None:
    outcome = home.run("chat", "--", "--json")
    assert outcome.code == 4  # nobody is configured: it came as far as asking
    assert outcome.out == ""


def test_the_page_on_exit_codes_names_them_all(home: Home) -> None:
    page = home.run("help", "exit-codes").out
    told = {int(number) for number in re.findall(r"^ +(\d+)  ", page, re.MULTILINE)}
    assert told == {0, 2, 3, 130, 141} | {outcome.exit_code for outcome in Outcome}


def test_help_on_a_command_is_its_own_help(home: Home) -> None:
    assert home.run("help", "chat").out == home.run("chat", "--help").out
    assert home.run("help").out == home.run("--help").out


def test_help_on_nothing_that_exists_is_guessed(home: Home) -> None:
    outcome = home.run("help", "exit-code")
    assert outcome.code == 2
    assert "'exit-codes'" in outcome.err


def test_serving_in_the_background_says_how_to_serve_now(home: Home) -> None:
    outcome = home.run("serve")
    assert outcome.code == 2
    assert "serve --foreground" in outcome.err


def test_this_typer_still_collects_what_commands_return() -> None:
    """Everything is printed from what commands return: a Typer that loses it would print nothing."""
    tree = typer.Typer(rich_markup_mode=None)
    tree.command("one")(lambda: "came back")
    tree.command("two")(lambda: None)
    assert tree(["one"], standalone_mode=False) == "came back"
