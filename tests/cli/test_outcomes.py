"""Every way of not getting an answer has its exit code, its word for programs, and a sentence for people."""

from pathlib import Path

import pytest

from tests.cli.home import Home
from tests.simulation import SimulatorProcess
from wallascli.simulator.ports import OddPorts

pytest_plugins = ("tests.simulation",)


CASES = [
    ("badkey", 4, "provider_keys_rejected"),
    ("credit", 4, "provider_keys_rejected"),
    ("429-retry3000", 6, "quota_exhausted"),
    ("500", 5, "all_candidates_failed"),
    ("reset", 5, "all_candidates_failed"),
    ("nomodel", 8, "model_not_found"),
    ("toolong", 1, "context_length_exceeded"),
    ("moderation", 1, "content_filter"),
]


@pytest.mark.parametrize(("script", "code", "word"), CASES)
def test_the_outcome_is_told(
    home: Home, simulator_process: SimulatorProcess, script: str, code: int, word: str
) -> None:
    home.settle(simulator_process.url)
    simulator_process.script("*", script)
    outcome = home.run("chat", "hi", "--json")
    assert (outcome.code, outcome.envelope["error"]["code"], outcome.err) == (code, word, "")
    assert outcome.envelope["error"]["message"]


def chats(simulator: SimulatorProcess) -> list[str]:
    return sorted(str(entry["provider"]) for entry in simulator.log(operation="chat"))


def test_a_rejected_key_is_shown_once_whatever_the_models(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url, models=dict.fromkeys(("groq", "gemini", "mistral"), ""))
    home.config.write_text(home.config.read_text().replace('models = [""]\n', ""))
    simulator_process.script("*", "badkey")
    for _ in range(2):
        outcome = home.run("chat", "hi", "--json")
        assert (outcome.code, outcome.envelope["error"]["code"]) == (4, "provider_keys_rejected")
        assert chats(simulator_process) == ["gemini", "groq", "mistral"]
        simulator_process.clear()
        simulator_process.script("*", "badkey")


def test_a_provider_that_nobody_can_reach_is_waited_for_once(home: Home) -> None:
    ports = OddPorts("127.0.0.1")
    try:
        base = f"http://127.0.0.1:{ports.silent()}/v1beta"
        home.config.write_text(
            "[deadlines]\nconnect = 0.4\n[providers.ollama]\nenabled = false\n"
            f'[providers.gemini]\nkeys = ["test-gemini-0001"]\nbase_url = "{base}"\n'
        )
        for _ in range(2):
            outcome = home.run("chat", "hi", "--json")
            assert outcome.code == 5
            assert outcome.envelope["error"]["hint"] == "is this machine online?"
            assert len(outcome.envelope["data"]["attempts"]) == 1
    finally:
        ports.close()


def test_each_attempt_is_listed_once_in_a_line_of_its_own(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    simulator_process.script("*", "429-retry3000")
    outcome = home.run("chat", "hi")
    assert (outcome.code, outcome.out) == (6, "")
    lines = outcome.err.splitlines()
    assert lines[0].startswith("error: Every candidate is out of quota. The first one is back ")
    assert {line.split(":")[0].strip() for line in lines[1:3]} == {"groq", "mistral"}


def test_attempts_that_ended_alike_are_one_line(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    simulator_process.script("*", "500")
    outcome = home.run("chat", "hi")
    lines = [line for line in outcome.err.splitlines() if ": broken: " in line]
    assert len(lines) == 2
    assert all(line.endswith(" (and 1 more like it)") for line in lines)
    assert "wallasapi explain" in outcome.err


def test_an_answer_that_breaks_off_says_so(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    simulator_process.script("*", "c20-die3")
    outcome = home.run("chat", "hi")
    assert (outcome.code, outcome.out.split()) == (5, ["word1", "word2", "word3"])
    assert outcome.err.startswith("error: The answer broke off: ")
    assert "Every candidate failed" not in outcome.err


def test_no_answer_in_time_is_7(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url, more="[deadlines]\ntotal = 0.6\nfirst_byte = 0.5\nfirst_byte_last = 0.5")
    simulator_process.script("*", "stall")
    outcome = home.run("chat", "hi", "--json")
    assert (outcome.code, outcome.envelope["error"]["code"]) == (7, "deadline_exceeded")


def test_without_a_key_two_lines_say_how_to_get_one(home: Home) -> None:
    human, program = home.run("chat", "hi"), home.run("chat", "hi", "--json")
    assert (human.code, program.code) == (4, 4)
    assert program.envelope["error"]["code"] == "nothing_configured"
    get, put = human.err.split("hint: ")[1].splitlines()
    assert "gives a free key in 2 minutes: https://" in get
    assert "_API_KEY=" in put


def test_a_model_whose_provider_lacks_a_key_says_where_to_get_that_one(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url)
    outcome = home.run("chat", "-m", "anthropic:claude-x", "hi")
    assert outcome.code == 4
    assert "https://console.anthropic.com" in outcome.err
    assert "ANTHROPIC_API_KEY=" in outcome.err


def test_an_unknown_model_is_8_and_guessed(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    outcome = home.run("chat", "-m", "gpt-os-120b", "hi")
    assert outcome.code == 8
    assert "Did you mean" in outcome.err
    assert "gpt-oss-120b" in outcome.err


def test_paid_models_need_the_operators_switch_too(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    outcome = home.run("chat", "--paid", "hi")
    assert outcome.code == 4
    assert "WALLAS_ALLOW_PAID=true" in outcome.err
    assert home.run("chat", "--paid", "hi", WALLAS_ALLOW_PAID="true").out == "echo: hi\n"


def test_a_request_for_this_machine_alone_asks_nobody_else(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    outcome = home.run("chat", "--private", "hi")
    assert outcome.code == 1
    assert "No model can serve this request" in outcome.err
    assert not simulator_process.log()


def test_a_strategy_that_does_not_exist_is_wrong_usage(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    outcome = home.run("chat", "--tier", "fastest", "hi")
    assert outcome.code == 2
    assert "rapido" in outcome.err


def test_a_mistake_in_the_settings_names_file_and_line(home: Home) -> None:
    home.config.write_text("[server]\nport = 'many'\n")
    for command in (("chat", "hi"), ("serve", "--foreground")):
        outcome = home.run(*command)
        assert outcome.code == 1, command
        assert f"{home.config}, line 2" in outcome.err
        assert home.run(*command, "--json").envelope["error"]["code"] == "misconfigured"


def test_a_config_that_is_not_there_is_named(home: Home, tmp_path: Path) -> None:
    outcome = home.run("chat", "hi", "--config", str(tmp_path / "none.toml"))
    assert outcome.code == 1
    assert "none.toml: there is no such file" in outcome.err


def test_a_bug_is_one_sentence_unless_more_is_wanted(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    planted = home.folder / "here/wallascli_bug"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(
        "import sys\nsys.modules['wallascli.cli.conversing'] = None\n"  # an import that fails, as a bug would
    )
    path = f"{planted}:{home.environ()['PYTHONPATH']}"
    outcome = home.run("chat", "hi", PYTHONPATH=path)
    assert outcome.code == 1
    assert outcome.err.startswith("error: wallasapi has a bug: ModuleNotFoundError: ")
    assert "Traceback" not in outcome.err
    assert "Traceback" in home.run("chat", "hi", PYTHONPATH=path, WALLAS_DEBUG="1").err
