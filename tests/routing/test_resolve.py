"""What a name means, and what may answer for it (design 3.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.routing.worlds import World, alias, ask, card, installed, row
from wallascli.routing.rules import Rules
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import FailureClass, NotUnderstood, UnknownModel
from wallascli.vocab.models import Status
from wallascli.vocab.policy import Policy

OSS = (card("groq:openai/gpt-oss-120b"), card("cerebras:gpt-oss-120b"), card("openrouter:openai/gpt-oss-120b:free"))
GPT = card("openai:gpt-4o", free=None, successor="gpt-5")
NEWER = card("openai:gpt-5", free=None)
PAYING = Rules(allow_paid=True, paid_by_default=True)


def names_of_same_model(world: World, asked: str) -> set[str]:
    return set(world.order(asked))


# -- names of any length are kept: there is an end to it


@pytest.mark.parametrize("names", [("groq:" + "x" * 2048,), ("auto", "x" * 2049), tuple(map(str, range(257)))])
def test_more_or_longer_names_than_models_have_are_not_understood(names: tuple[str, ...]) -> None:
    for policy in (Policy(), Policy(tier="auto"), Policy(provider="groq")):
        with pytest.raises(NotUnderstood, match="at most 256 models, each in at most 2048 characters"):
            World(OSS).plan(*names, policy=policy)


# -- exact names


def test_provider_and_model_is_that_place_and_no_other() -> None:
    assert World(OSS).order("groq:openai/gpt-oss-120b") == ["groq:openai/gpt-oss-120b"]


def test_an_exact_name_is_asked_even_if_the_catalogue_does_not_know_the_model() -> None:
    world = World(OSS, rows={"mine": row("mine", free_models=True)})
    assert world.order("mine:anything/at-all:7b") == ["mine:anything/at-all:7b"]


def test_an_exact_name_never_falls_back_to_a_tier_even_when_it_is_asleep() -> None:
    world = World(OSS)
    world.fail("groq:openai/gpt-oss-120b", FailureClass.BROKEN)
    plan = world.plan("groq:openai/gpt-oss-120b")
    assert [(one.name, one.last_resort) for one in plan.candidates] == [("groq:openai/gpt-oss-120b", True)]


@pytest.mark.parametrize("status", Status)
def test_an_exact_name_is_asked_whatever_the_catalogue_says_of_its_life_and_powers(status: Status) -> None:
    world = World([card("groq:old", status=status, tools=False, context=10)])
    assert world.order("groq:old", text="x" * 400) == ["groq:old"]


def test_a_pinned_provider_is_the_only_one_asked() -> None:
    pinned = Policy(provider="openrouter")
    assert World(OSS).order("gpt-oss-120b", policy=pinned) == ["openrouter:openai/gpt-oss-120b:free"]


@pytest.mark.parametrize(
    "name", "gpt-oss-120b openai/gpt-oss-120b groq:openai/gpt-oss-120b groq/gpt-oss-120b".split()
)
def test_a_pin_takes_every_spelling_of_a_model_of_that_provider(name: str) -> None:
    assert World(OSS).order(name, policy=Policy(provider="groq")) == ["groq:openai/gpt-oss-120b"]


def test_a_pinned_provider_is_asked_for_a_model_it_never_listed() -> None:
    world = World(OSS, rows={"groq": row("groq", free_models=True)})
    assert world.order("brand-new", policy=Policy(provider="groq")) == ["groq:brand-new"]


def test_a_pinned_tier_chooses_among_that_provider_alone() -> None:
    world = World([*OSS, card("groq:other")])
    plan = world.plan("auto", policy=Policy(provider="groq"))
    assert {one.provider.name for one in plan.candidates} == {"groq"}
    assert (len(plan.candidates), plan.profile) == (2, "auto")


def test_a_pin_that_contradicts_the_name_is_the_callers_mistake() -> None:
    with pytest.raises(NotUnderstood, match="not a model of cerebras"):
        World(OSS).plan("groq:openai/gpt-oss-120b", policy=Policy(provider="cerebras"))


def test_a_pin_keeps_of_a_list_and_of_an_alias_what_that_provider_may_have() -> None:
    world = World(OSS, rules=Rules(aliases=alias("work", "groq:openai/gpt-oss-120b", "cerebras:gpt-oss-120b")))
    assert world.order("work", policy=Policy(provider="cerebras")) == ["cerebras:gpt-oss-120b"]
    listed = world.order("groq:openai/gpt-oss-120b", "cerebras:gpt-oss-120b", policy=Policy(provider="cerebras"))
    assert listed == ["cerebras:gpt-oss-120b"]


def test_an_unknown_pin_names_the_header_and_who_is_known() -> None:
    with pytest.raises(NotUnderstood) as caught:
        World(OSS).plan("auto", policy=Policy(provider="groqq"))
    assert caught.value.param == "X-Wallas-Provider"
    assert "groq" in caught.value.hint


# -- bare names


def test_a_bare_name_is_that_model_wherever_it_is_served() -> None:
    assert names_of_same_model(World(OSS), "gpt-oss-120b") == {one.name for one in OSS}


@pytest.mark.parametrize(
    "name", ["openai/gpt-oss-120b", "gpt-oss:120b", "GPT-OSS-120B", "openai/gpt-oss-120b:free"]
)
def test_every_spelling_of_one_model_means_it_everywhere(name: str) -> None:
    assert names_of_same_model(World(OSS), name) == {one.name for one in OSS}


def test_after_the_model_comes_its_successor_and_then_the_tier_of_its_class() -> None:
    world = World([GPT, NEWER, card("groq:other"), card("groq:small")], rules=PAYING)
    plan = world.plan("gpt-4o")
    assert [one.name for one in plan.candidates[:2]] == ["openai:gpt-4o", "openai:gpt-5"]
    assert {one.name for one in plan.candidates[2:]} == {"groq:other", "groq:small"}
    assert plan.profile == "none"
    assert [one.why for one in plan.candidates[:3]] == [
        "serves gpt-4o",
        "succeeds gpt-4o",
        "stands in for gpt-4o (auto)",
    ]


def test_without_a_key_for_it_a_famous_name_is_answered_by_the_tier_of_its_class() -> None:
    world = World([GPT, NEWER, card("groq:other")]).without_key("openai")
    assert world.order("gpt-4o") == ["groq:other"]


def test_who_stands_in_was_not_named_by_the_caller() -> None:
    world = World([GPT, card("groq:other")], rules=PAYING)
    assert {one.name: one.named for one in world.plan("gpt-4o").candidates} == {
        "openai:gpt-4o": True,
        "groq:other": False,
    }


def test_substitute_off_means_that_model_and_its_successor_only() -> None:
    rules = Rules(substitute=False, allow_paid=True, paid_by_default=True)
    assert World([GPT, NEWER, card("groq:other")], rules=rules).order("gpt-4o") == ["openai:gpt-4o", "openai:gpt-5"]


def test_a_retired_name_is_understood_and_answered_by_its_successor() -> None:
    old = card("groq:llama-3.1-8b", status=Status.RETIRED, successor="gpt-oss-20b")
    world = World([old, card("groq:gpt-oss-20b")], rules=Rules(substitute=False))
    assert world.order("llama-3.1-8b") == ["groq:gpt-oss-20b"]
    assert world.refused("llama-3.1-8b") == {"groq:llama-3.1-8b": "gone"}


def test_successors_that_go_round_in_a_circle_end() -> None:
    world = World([card("groq:a-one", successor="b-two"), card("groq:b-two", successor="a-one")])
    assert world.order("a-one")[:2] == ["groq:a-one", "groq:b-two"]


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("gpt-4o", "auto"),
        ("gpt-4o-mini", "rapido"),
        ("gpt-5-codex", "codigo"),
        ("o3", "razonamiento"),
        ("o3-mini", "razonamiento"),
        ("claude-3-5-haiku", "rapido"),
        ("claude-opus-4-5", "razonamiento"),
        ("claude-sonnet-4-5", "auto"),
        ("anthropic/claude-opus-4-5", "razonamiento"),
        ("gemini-2.5-pro", "razonamiento"),
        ("gemini-2.5-flash-lite", "rapido"),
        ("deepseek-r1", "razonamiento"),
        ("qwen3-coder", "codigo"),
        ("openrouter-1", "auto"),
    ],
)
def test_names_belong_to_the_class_that_their_makers_sell_them_as(name: str, tier: str) -> None:
    world = World([card(f"nobody:{name}"), card("groq:other", reasoning=True)]).without_key("nobody")
    assert [one.why for one in world.plan(name).candidates] == [f"stands in for {name} ({tier})"]


# -- slashes and colons


def test_a_known_id_with_a_slash_is_a_model_even_if_its_first_half_is_a_provider() -> None:
    world = World([*OSS, card("openai:gpt-4o")])
    assert names_of_same_model(world, "openai/gpt-oss-120b") >= {one.name for one in OSS}


def test_an_unknown_id_with_a_slash_is_a_model_of_that_provider() -> None:
    world = World(OSS, rows={"openai": row("openai", free_models=True)})
    assert world.order("openai/gpt-9") == ["openai:gpt-9"]
    assert world.order("groq/openai/gpt-oss-120b") == ["groq:openai/gpt-oss-120b"]


def test_a_tag_is_no_model_of_a_provider_unless_one_has_that_name() -> None:
    served = card("groq:qwen/qwen3-32b")
    assert World([served]).order("qwen3:32b")[0] == "groq:qwen/qwen3-32b"
    assert World([served], rows={"qwen3": row("qwen3", free_models=True)}).order("qwen3:32b") == ["qwen3:32b"]


def test_a_misspelt_provider_is_not_taken_for_somebody_elses_model() -> None:
    with pytest.raises(UnknownModel) as caught:
        World(OSS).plan("grok:openai/gpt-oss-120b")
    assert caught.value.near[0] == "groq:openai/gpt-oss-120b"


# -- tiers and the user's own names


@pytest.mark.parametrize("name", ["auto", "AUTO", "auto:latest"])
def test_a_tier_is_known_in_any_case_and_with_the_tag_of_ollamas_clients(name: str) -> None:
    assert World(OSS).plan(name).profile == "auto"


def test_the_tier_of_the_header_replaces_the_model() -> None:
    plan = World(OSS).plan("groq:openai/gpt-oss-120b", policy=Policy(tier="fast"))
    assert (plan.profile, len(plan.candidates)) == ("rapido", 3)


def test_an_unknown_tier_in_the_header_is_the_callers_mistake() -> None:
    with pytest.raises(NotUnderstood, match="no tier 'turbo'"):
        World(OSS).plan("auto", policy=Policy(tier="turbo"))


def test_the_users_own_name_comes_before_a_tier_or_a_model_of_ours() -> None:
    rules = Rules(
        aliases=alias("fast", "groq:openai/gpt-oss-120b") | alias("gpt-oss-120b", "cerebras:gpt-oss-120b")
    )
    world = World(OSS, rules=rules)
    assert world.order("fast") == ["groq:openai/gpt-oss-120b"]
    assert world.plan("fast").profile == "none"
    assert world.order("gpt-oss-120b") == ["cerebras:gpt-oss-120b"]


def test_inside_an_alias_its_own_name_means_what_it_would_mean_without_it() -> None:
    world = World(OSS, rules=Rules(aliases=alias("auto", "cerebras:gpt-oss-120b", "auto")))
    assert world.order("auto")[0] == "cerebras:gpt-oss-120b"
    assert set(world.order("auto")) == {one.name for one in OSS}


def test_an_alias_of_aliases_reaches_all_of_them_and_a_circle_ends() -> None:
    rules = Rules(
        aliases=alias("outer", "inner", "groq:openai/gpt-oss-120b")
        | alias("inner", "core")
        | alias("core", "cerebras:gpt-oss-120b", "outer")
    )
    assert World(OSS, rules=rules).order("outer") == ["cerebras:gpt-oss-120b", "groq:openai/gpt-oss-120b"]


@pytest.mark.parametrize("name", ["round", "about", "alone"])
def test_a_circle_of_aliases_that_leads_nowhere_is_an_unknown_name(name: str) -> None:
    rules = Rules(aliases=alias("round", "about") | alias("about", "round") | alias("alone", "alone"))
    with pytest.raises(UnknownModel):
        World(OSS, rules=rules).plan(name)


def test_deadlines_and_retries_of_the_innermost_alias_hold_wherever_it_is_named() -> None:
    bounds = {"patient": Deadlines(first_byte=120, total=900), "hasty": Deadlines(first_byte=1)}
    rules = Rules(
        aliases=alias("patient", "groq:openai/gpt-oss-120b", retries=0)
        | alias("hasty", "patient", "cerebras:gpt-oss-120b", retries=3),
        fallback={"cerebras:gpt-oss-120b": ("patient",)},
        deadlines=lambda provider, name: bounds.get(name, Deadlines()),
    )
    world = World(OSS, rules=rules)
    for asked in (("patient",), ("hasty",), ("auto", "patient"), ("cerebras:gpt-oss-120b",)):
        plan = world.plan(*asked)
        slow = [one for one in plan.candidates if one.deadlines.first_byte == 120]
        if asked[0] != "auto":
            assert [(one.name, one.retries) for one in slow] == [("groq:openai/gpt-oss-120b", 0)], asked
            assert plan.total == 900
    hasty = world.plan("hasty").candidates[1]
    assert (hasty.deadlines.first_byte, hasty.retries) == (1, 3)


def test_what_the_user_said_may_follow_comes_after_the_successor_and_before_a_model_of_the_class() -> None:
    rules = replace(PAYING, aliases=alias("work", "groq:b"), fallback={"gpt-4o": ("work",)})
    world = World([GPT, NEWER, card("groq:b", strength=0.1), card("groq:c", strength=0.9)], rules=rules)
    plan = world.plan("gpt-4o")
    assert [one.name for one in plan.candidates] == ["openai:gpt-4o", "openai:gpt-5", "groq:b", "groq:c"]
    assert plan.candidates[2].why == "named exactly, the fallback of gpt-4o"
    assert "stands in for gpt-4o" in plan.candidates[3].why


# -- what matches nothing


def test_a_typo_is_answered_with_the_names_it_is_like() -> None:
    with pytest.raises(UnknownModel) as caught:
        World([*OSS, GPT]).plan("gpt4o")
    assert caught.value.near == ("gpt-4o",)
    assert "Did you mean 'gpt-4o'?" in caught.value.message


def test_a_name_that_matches_nothing_is_never_answered_by_somebody_else() -> None:
    with pytest.raises(UnknownModel):
        World(OSS).planner.plan(ask("gpt-99-imaginary"), Policy())


def test_an_alias_of_unknown_names_says_which_name_is_unknown() -> None:
    with pytest.raises(UnknownModel) as caught:
        World(OSS, rules=Rules(aliases=alias("work", "gpt-oss-210b"))).plan("work")
    assert caught.value.name == "gpt-oss-210b"


def test_a_local_model_that_is_known_by_its_short_name_is_found_with_its_tag() -> None:
    world = World([installed("ollama:qwen3:latest")], rows={"ollama": row("ollama", local=True)})
    assert world.order("qwen3") == ["ollama:qwen3:latest"]
    assert world.order("ollama:qwen3") == ["ollama:qwen3:latest"]
