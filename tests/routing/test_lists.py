"""The caller's own order: `models` in a body, aliases, and the user's table of what follows a name."""

from __future__ import annotations

import pytest

from tests.routing.worlds import World, alias, ask, card
from wallascli.routing.rules import Rules
from wallascli.vocab.failures import FailureClass, UnknownModel
from wallascli.vocab.models import Status
from wallascli.vocab.policy import Policy

WEAK = card("slow:weak", strength=0.1)
STRONG = card("fast:strong", strength=0.9)
OTHER = card("fast:other", strength=0.5)
ALL = (WEAK, STRONG, OTHER)


def test_a_list_is_asked_in_the_callers_order_whatever_the_scores() -> None:
    world = World(ALL)
    assert world.order("weak", "strong") == ["slow:weak", "fast:strong"]
    assert world.order("strong", "weak") == ["fast:strong", "slow:weak"]


def test_nothing_else_is_tried_after_a_list() -> None:
    world = World([*ALL, card("fast:gpt-4o", successor="gpt-5"), card("fast:gpt-5")])
    assert world.order("weak", "gpt-4o") == ["slow:weak", "fast:gpt-4o"]


def test_a_member_that_is_served_no_more_means_its_successor() -> None:
    gone = card("fast:gpt-4", status=Status.RETIRED, successor="gpt-5")
    assert World([*ALL, gone, card("fast:gpt-5")]).order("gpt-4", "weak") == ["fast:gpt-5", "slow:weak"]


def test_doubles_are_asked_once() -> None:
    assert World(ALL).order("weak", "strong", "weak", "slow:weak", "strong") == ["slow:weak", "fast:strong"]


@pytest.mark.parametrize("models", [(), ("strong",), ("strong", "strong")])
def test_an_empty_list_or_one_that_only_repeats_the_model_is_no_list(models: tuple[str, ...]) -> None:
    assert set(World(ALL).order("strong", *models)) == {"fast:strong", "slow:weak", "fast:other"}


def test_tiers_and_aliases_may_stand_in_a_list() -> None:
    world = World(ALL, rules=Rules(aliases=alias("work", "fast:other")))
    assert world.order("work", "weak", "auto") == ["fast:other", "slow:weak", "fast:strong"]


def test_an_exact_member_is_exact_and_the_list_goes_on_after_it() -> None:
    same = (card("fast:strong"), card("slow:strong"), WEAK)
    assert World(same).order("fast:strong", "weak") == ["fast:strong", "slow:weak"]
    assert World(same).order("fast:never-heard-of", "weak", policy=Policy()) == [
        "slow:weak"
    ]  # its price is unknown


def test_an_open_circuit_skips_a_member_until_nobody_else_is_left() -> None:
    world = World(ALL)
    world.fail("slow:weak", FailureClass.BROKEN)
    plan = world.plan("weak", "strong", "other")
    assert [(one.name, one.last_resort) for one in plan.candidates] == [
        ("fast:strong", False),
        ("fast:other", False),
        ("slow:weak", True),
    ]


def test_a_spent_quota_skips_a_member_and_says_until_when() -> None:
    world = World(ALL)
    world.fail("slow:weak", FailureClass.QUOTA_SPENT, world.now + 3_600)
    assert world.order("weak", "strong") == ["fast:strong"]
    assert [(one.kind, one.until) for one in world.plan("weak", "strong").refused] == [("quota", world.now + 3_600)]


def test_a_misspelt_member_does_not_cost_the_answer_that_the_others_can_give() -> None:
    world = World(ALL)
    assert world.order("strnog", "weak") == ["slow:weak"]
    assert world.refused("strnog", "weak") == {"strnog": "unknown"}


def test_a_list_of_nothing_but_unknown_names_is_a_typo() -> None:
    with pytest.raises(UnknownModel) as caught:
        World(ALL).plan("strnog", "waek")
    assert (caught.value.name, caught.value.near[0]) == ("strnog", "strong")


def test_the_members_of_a_list_are_models_that_the_caller_named() -> None:
    named = {one.name: one.named for one in World(ALL).plan("weak", "auto").candidates}
    assert named == {"slow:weak": True, "fast:strong": False, "fast:other": False}


# -- aliases


def test_an_alias_is_asked_in_its_order_and_nothing_else_is() -> None:
    world = World(ALL, rules=Rules(aliases=alias("work", "slow:weak", "strong")))
    plan = world.plan("work")
    assert [one.name for one in plan.candidates] == ["slow:weak", "fast:strong"]
    assert plan.profile == "none"
    assert all(one.named for one in plan.candidates)


def test_a_misspelt_member_of_an_alias_is_left_out() -> None:
    world = World(ALL, rules=Rules(aliases=alias("work", "wekest-of-all", "strong")))
    assert world.order("work") == ["fast:strong"]


# -- [fallback]


def test_what_the_settings_say_follows_a_name_when_it_fails() -> None:
    rules = Rules(fallback={"weak": ("work", "auto"), "work": ("weak",)}, aliases=alias("work", "fast:other"))
    world = World(ALL, rules=rules)
    # Its class first, as without the table; then nobody is new but who was not asked yet.
    assert world.order("weak")[0] == "slow:weak"
    assert set(world.order("weak")) == {"slow:weak", "fast:other", "fast:strong"}
    assert world.order("work") == ["fast:other", "slow:weak"]


def test_an_exact_name_is_followed_by_what_the_settings_name_for_it() -> None:
    world = World(ALL, rules=Rules(fallback={"slow:weak": ("strong", "slow:weak")}))
    plan = world.plan("slow:weak")
    assert [(one.name, one.why) for one in plan.candidates] == [
        ("slow:weak", "named exactly"),
        ("fast:strong", "serves strong, the fallback of slow:weak"),
    ]


def test_a_name_of_the_table_is_understood_even_if_only_its_followers_mean_something() -> None:
    assert World(ALL, rules=Rules(fallback={"house-model": ("strong",)})).order("house-model") == ["fast:strong"]


def test_a_misspelt_follower_harms_nobody() -> None:
    assert World(ALL, rules=Rules(fallback={"slow:weak": ("strnog",)})).order("slow:weak") == ["slow:weak"]


def test_the_table_is_for_single_names_a_list_is_the_callers_own_order() -> None:
    assert World(ALL, rules=Rules(fallback={"weak": ("other",)})).order("weak", "strong") == [
        "slow:weak",
        "fast:strong",
    ]


def test_names_are_read_again_when_the_catalogue_changes() -> None:
    world = World(ALL)
    with pytest.raises(UnknownModel):
        world.plan("newcomer")
    world.catalog.add(world.places["fast"].provider, [card("fast:newcomer"), STRONG], world.now)
    assert world.order("newcomer", "strong") == ["fast:newcomer", "fast:strong"]
    assert world.planner.understands(ask("newcomer"), Policy())
    assert not world.planner.understands(ask("other"), Policy())
    assert not world.planner.understands(ask("strong", "other"), Policy())
