"""From the user's settings to whom an engine may ask, how, and what a mistake in them is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.routing.worlds import ask
from wallascli.engine.assemble import assemble
from wallascli.engine.core import Engine, Setup
from wallascli.routing.candidate import Plan
from wallascli.settings import load
from wallascli.vocab.failures import Misconfigured
from wallascli.vocab.policy import Policy, Privacy

Read = Callable[..., Setup]


@pytest.fixture
def setup_of(tmp_path: Path) -> Read:
    def read(text: str, **variables: str) -> Setup:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return assemble(load(config=file, environ=variables, folder=tmp_path))

    return read


def plan(setup: Setup, model: str, policy: Policy | None = None) -> Plan:
    return Engine(setup).plan(ask(model), policy or Policy())


def names(setup: Setup, model: str, policy: Policy | None = None) -> list[str]:
    return [one.name for one in plan(setup, model, policy).candidates]


MINE = """
[providers.mine]
base_url = "http://10.0.0.5:8000/v1"
models = ["qwen3-32b"]
"""


def test_another_server_costs_nothing_only_if_its_owner_says_so(setup_of: Read) -> None:
    assert names(setup_of(MINE), "mine:qwen3-32b") == []
    assert names(setup_of(MINE + "free = true"), "mine:qwen3-32b") == ["mine:qwen3-32b"]
    assert names(setup_of(MINE + "local = true"), "mine:qwen3-32b") == ["mine:qwen3-32b"]


def test_another_server_is_local_only_if_its_owner_says_so(setup_of: Read) -> None:
    here = Policy(privacy=Privacy.LOCAL)
    assert names(setup_of(MINE + "free = true"), "mine:qwen3-32b", here) == []
    assert names(setup_of(MINE + "local = true"), "mine:qwen3-32b", here) == ["mine:qwen3-32b"]
    assert names(setup_of(MINE + "local = true"), "auto", here) == ["mine:qwen3-32b"]


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "glm-4.7:cloud", "kimi-cloud:latest"])
def test_a_cloud_model_that_the_settings_name_is_none_of_this_machine(setup_of: Read, model: str) -> None:
    text = f'[providers.ollama]\nmodels = ["{model}"]'
    assert names(setup_of(text), f"ollama:{model}", Policy(privacy=Privacy.LOCAL)) == []


def test_another_address_never_makes_a_row_local(setup_of: Read) -> None:
    text = '[providers.groq]\nkeys = ["k"]\nbase_url = "http://127.0.0.1:9999/groq"\nlocal = true'
    assert names(setup_of(text), "groq:openai/gpt-oss-120b", Policy(privacy=Privacy.LOCAL)) == []
    assert names(setup_of(text), "groq:openai/gpt-oss-120b") == ["groq:openai/gpt-oss-120b"]


def test_a_retired_row_is_asked_only_if_the_settings_enable_it_by_name(setup_of: Read) -> None:
    token = {"GITHUB_TOKEN": "ghp_token"}
    refused = plan(setup_of("", **token), "github:gpt-4o").refused[0]
    assert refused.kind == "retired"
    assert "ended" in refused.reason
    assert setup_of("[providers.github]\nenabled = true", **token).places["github"].unusable == ""


def test_a_row_that_is_switched_off_says_so(setup_of: Read) -> None:
    setup = setup_of('[providers.groq]\nkeys = ["k"]\nenabled = false')
    assert setup.places["groq"].unusable == "disabled in the settings"


def test_a_missing_key_is_named_by_its_variable(setup_of: Read) -> None:
    assert setup_of("").places["mistral"].unusable == "no key (set MISTRAL_API_KEY)"


def test_several_keys_are_a_pool(setup_of: Read) -> None:
    (candidate,) = plan(setup_of("", GROQ_API_KEY="one,two"), "groq:openai/gpt-oss-120b").candidates
    assert [key.reveal() for key in candidate.keys] == ["one", "two"]


def test_models_of_the_settings_are_all_that_a_row_has(setup_of: Read) -> None:
    setup = setup_of('[providers.groq]\nkeys = ["k"]\nmodels = ["openai/gpt-oss-20b"]')
    assert set(names(setup, "auto")) == {"groq:openai/gpt-oss-20b"}


def test_an_alias_has_its_own_deadlines_and_retries(setup_of: Read) -> None:
    text = (
        '[providers.groq]\nkeys = ["k"]\n'
        '[aliases.patient]\nmodels = ["groq:openai/gpt-oss-120b"]\nfirst_byte = 120\nretries = 0'
    )
    (candidate,) = plan(setup_of(text), "patient").candidates
    assert (candidate.deadlines.first_byte, candidate.retries) == (120, 0)
    (candidate,) = plan(setup_of(text), "groq:openai/gpt-oss-120b").candidates
    assert (candidate.deadlines.first_byte, candidate.retries) == (12, 1)


def test_a_local_model_may_take_two_minutes_to_begin(setup_of: Read) -> None:
    (candidate,) = plan(setup_of('[providers.ollama]\nmodels = ["qwen3"]'), "qwen3").candidates
    assert candidate.deadlines.first_byte == 120


def test_what_follows_a_name_stands_in_the_settings(setup_of: Read) -> None:
    text = MINE + 'free = true\n[fallback]\n"gpt-4o" = ["mine:qwen3-32b"]\n[routing]\nsubstitute = false'
    assert names(setup_of(text), "gpt-4o") == ["mine:qwen3-32b"]


def test_a_need_that_no_model_can_have_is_a_mistake_and_says_where(setup_of: Read) -> None:
    with pytest.raises(Misconfigured) as caught:
        setup_of('[tiers.mine]\nneeds = ["telepathy"]')
    assert "telepathy" in caught.value.message
    assert "[tiers.mine]" in caught.value.hint


def test_an_own_tier_is_asked_in_its_order(setup_of: Read) -> None:
    text = MINE + 'free = true\n[providers.groq]\nkeys = ["k"]\n[tiers.home]\nprefer = ["mine:*", "groq:*"]'
    assert names(setup_of(text), "home")[0] == "mine:qwen3-32b"
