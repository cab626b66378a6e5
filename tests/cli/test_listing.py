"""`models`, `providers` and `config`: what there is, what of it can be asked, and where settings come from."""

import pytest

from tests.cli.home import Home
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)


@pytest.fixture
def ready(home: Home, simulator_process: SimulatorProcess) -> Home:
    home.settle(simulator_process.url, more='[aliases]\nwork = ["groq:openai/gpt-oss-120b"]')
    return home


def test_strategies_and_aliases_come_first_then_models_that_can_be_asked(ready: Home) -> None:
    found = ready.run("models", "--json").data
    names = [entry["id"] for entry in found]
    assert names[0] == "auto"
    assert "work" in names[: names.index("groq:openai/gpt-oss-120b")]
    assert {entry["owned_by"] for entry in found} == {"wallasapi", "groq", "mistral"}


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        (("--provider", "groq"), {"groq:openai/gpt-oss-120b"}),
        (("--search", "small-2603"), {"mistral:mistral-small-2603"}),
        (("--capability", "vision", "--provider", "groq"), set()),
        (("--pricing", "paid", "--search", "gpt-oss"), set()),
        (("--modality", "image", "--search", "mistral"), {"mistral:mistral-small-2603"}),
    ],
)
def test_filters_keep_what_they_say(ready: Home, flags: tuple[str, ...], kept: set[str]) -> None:
    assert {entry["id"] for entry in ready.run("models", "--json", *flags).data} == kept


def test_all_shows_also_what_cannot_be_asked_and_why(ready: Home) -> None:
    entries = ready.run("models", "--json", "--all", "--provider", "gemini").data
    assert entries
    assert all(entry["metadata"]["unavailable_reason"] == "no key (set GEMINI_API_KEY)" for entry in entries)
    assert "(no key (set GEMINI_API_KEY))" in ready.run("models", "--all", "--provider", "gemini").out


def test_a_provider_that_rejected_its_key_is_told_in_spans_that_people_use(
    ready: Home, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("groq", "badkey")
    ready.run("chat", "-m", "work", "hi")
    line = next(line for line in ready.run("providers").out.splitlines() if line.startswith("groq "))
    assert "asleep 24 h (bad key)" in line


def test_a_filter_that_matches_nothing_says_what_to_do(ready: Home) -> None:
    outcome = ready.run("models", "--search", "no-such-thing")
    assert outcome.code == 0
    assert "--all" in outcome.out


def test_a_wrong_word_for_a_filter_is_wrong_usage_and_lists_the_right_ones(ready: Home) -> None:
    outcome = ready.run("models", "--sort", "size")
    assert outcome.code == 2
    assert "context, name, provider, latency, none" in outcome.err


@pytest.mark.parametrize("name", ["groq:openai/gpt-oss-120b", "openai/gpt-oss-120b"])
def test_one_model_is_shown_fact_by_fact(ready: Home, name: str) -> None:
    outcome = ready.run("models", name)
    assert "groq:openai/gpt-oss-120b" in outcome.out
    assert "context_window" in outcome.out
    assert ready.run("models", name, "--json").data["id"] == "groq:openai/gpt-oss-120b"


def test_an_unknown_model_is_guessed(ready: Home) -> None:
    outcome = ready.run("models", "openai/gpt-os-120b")
    assert outcome.code == 8
    assert "openai/gpt-oss-120b" in outcome.err


def test_measured_times_are_shown(ready: Home) -> None:
    assert ready.run("chat", "-m", "groq:openai/gpt-oss-120b", "hi").code == 0
    [entry] = ready.run("models", "--provider", "groq", "--json").data
    assert entry["alive"] is True
    assert 0 < entry["last_latency_ms"] < 10_000


def test_providers_says_who_is_ready_and_where_to_get_the_other_keys(ready: Home) -> None:
    outcome = ready.run("providers")
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if line}
    assert "ready, 1 key(s)" in lines["groq"]
    assert "no key" in lines["gemini"]
    assert "https://" in lines["GEMINI_API_KEY"]
    assert "GROQ_API_KEY" not in lines


def test_keys_show_four_characters_at_most(home: Home) -> None:
    key = "gsk_" + "x" * 20 + "last"
    for command in ("providers", "config explain"):
        for flag in ((), ("--json",)):
            told = home.run(*command.split(), *flag, GROQ_API_KEY=key)
            assert key[:-4] not in told.out + told.err
    assert "…last" in home.run("providers", "--json", GROQ_API_KEY=key).out


def test_config_path_is_the_file_that_is_read(home: Home) -> None:
    assert home.run("config", "path").out == f"{home.config}\n"
    assert home.run("config", "path", "--json").data == {"path": str(home.config), "exists": False}


def test_config_explain_says_where_each_value_came_from(home: Home) -> None:
    home.config.write_text("[server]\nport = 9000\n")
    values = {one["name"]: one for one in home.run("config", "explain", "--json", WALLAS_HOST="::1").data}
    assert (values["server.port"]["value"], values["server.port"]["source"]) == ("9000", f"{home.config}, line 2")
    assert values["server.host"]["source"] == "WALLAS_HOST in the environment"
    assert values["server.max_body"]["source"] == "default"
    assert "WALLAS_HOST in the environment" in home.run("config", "explain", WALLAS_HOST="::1").out
