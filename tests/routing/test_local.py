"""Local means local (P4), and who may see a conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.routing.worlds import NOON, World, alias, ask, card, installed, no, row
from wallascli.providers.base import Trains
from wallascli.routing.rules import Rules
from wallascli.vocab.failures import FailureClass, UnknownModel
from wallascli.vocab.models import ModelCard
from wallascli.vocab.policy import Policy, Privacy

ROWS = {"ollama": row("ollama", local=True, keyless=True, trains=Trains.NO)}
HERE = installed("ollama:qwen3:32b")
ELSEWHERE = card("groq:qwen/qwen3-32b")
BIG = card("groq:big", strength=0.9)


def world(*cards: ModelCard, rules: Rules | None = None) -> World:
    made = World([c for c in cards if c.provider != "ollama"], rows=ROWS, rules=rules or Rules())
    made.places["ollama"] = replace(made.places["ollama"], keys=())
    made.catalog.add(ROWS["ollama"], [c for c in cards if c.provider == "ollama"], NOON)
    return made


def test_a_local_model_by_its_own_name_is_asked_here_and_nowhere_else() -> None:
    assert world(HERE, ELSEWHERE, BIG).order("qwen3:32b") == ["ollama:qwen3:32b"]


@pytest.mark.parametrize("name", ["qwen3:32b", "ollama:qwen3:32b", "ollama/qwen3:32b"])
def test_it_stays_here_also_when_its_server_is_down(name: str) -> None:
    one = world(HERE, ELSEWHERE, BIG)
    one.health.failed("ollama", "qwen3:32b", "", no(FailureClass.UNREACHABLE), one.now)
    one.catalog.missed("ollama")
    assert one.order(name) == ["ollama:qwen3:32b"]


def test_the_table_of_fallbacks_does_not_take_it_away_either() -> None:
    spare = installed("ollama:qwen3:8b")
    rules = Rules(fallback={"qwen3:32b": ("groq:big", "auto", "qwen3:8b")})
    assert world(HERE, ELSEWHERE, BIG, spare, rules=rules).order("qwen3:32b") == [
        "ollama:qwen3:32b",
        "ollama:qwen3:8b",
    ]


def test_a_list_or_an_alias_with_local_members_is_the_callers_own_order() -> None:
    rules = Rules(aliases=alias("work", "qwen3:32b", "groq:big"))
    assert world(HERE, BIG, rules=rules).order("work") == ["ollama:qwen3:32b", "groq:big"]
    assert world(HERE, BIG).order("qwen3:32b", "groq:big") == ["ollama:qwen3:32b", "groq:big"]


def test_the_same_model_under_its_makers_name_may_be_answered_here_too() -> None:
    assert set(world(HERE, ELSEWHERE).order("qwen3-32b")) == {"ollama:qwen3:32b", "groq:qwen/qwen3-32b"}


def test_a_model_that_was_never_seen_here_is_one_of_its_providers() -> None:
    assert world(ELSEWHERE).order("qwen3:32b")[0] == "groq:qwen/qwen3-32b"


def test_a_name_known_for_local_servers_only_is_not_answered_by_somebody_elses_model() -> None:
    made = World([card("ollama:mistral-nemo", local=True), BIG], rows=ROWS)
    assert made.order("mistral-nemo") == []
    assert made.refused("mistral-nemo") == {"ollama:mistral-nemo": "gone"}


def test_a_tier_offers_what_is_installed_while_its_server_answers() -> None:
    one = world(HERE, BIG)
    assert set(one.order("auto")) == {"ollama:qwen3:32b", "groq:big"}
    one.catalog.missed("ollama")
    assert one.order("auto") == ["groq:big"]
    one.catalog.add(ROWS["ollama"], [HERE], NOON + 60)
    assert set(one.order("auto")) == {"ollama:qwen3:32b", "groq:big"}


def test_two_local_servers_may_both_answer_for_a_model_that_both_have() -> None:
    rows = ROWS | {"vllm": row("vllm", local=True, keyless=True)}
    cards = [installed("ollama:qwen3-32b"), installed("vllm:qwen3-32b"), ELSEWHERE]
    assert set(World(cards, rows=rows).order("qwen3-32b")) == {"ollama:qwen3-32b", "vllm:qwen3-32b"}


# -- models that a local daemon lists and another machine runs


CLOUD = installed("ollama:gpt-oss:120b-cloud", local=False, leaves_machine=True)


def test_a_cloud_model_of_the_local_daemon_is_not_local() -> None:
    one = world(HERE, CLOUD)
    assert one.order("auto", policy=Policy(privacy=Privacy.LOCAL)) == ["ollama:qwen3:32b"]
    assert one.order("ollama:gpt-oss:120b-cloud", policy=Policy(privacy=Privacy.LOCAL)) == []


@pytest.mark.parametrize("name", ["kimi-k2:1t-cloud", "glm-4.7:cloud", "x-cloud:latest", "new-cloud", "New:CLOUD"])
def test_a_cloud_model_nobody_has_listed_yet_is_told_by_its_name(name: str) -> None:
    assert world(HERE).order(f"ollama:{name}", policy=Policy(privacy=Privacy.LOCAL)) == []
    assert world(HERE).order(f"ollama:{name}") == [f"ollama:{name}"]


def test_a_model_that_a_remote_host_runs_is_known_by_its_listing_under_its_short_name_too() -> None:
    remote = installed("ollama:mine:latest", local=False, leaves_machine=True)
    for name in ("mine", "Mine", "MINE:latest", "library/mine", "registry.ollama.ai/library/mine:latest"):
        assert world(remote).order(f"ollama:{name}", policy=Policy(privacy=Privacy.LOCAL)) == []


# -- privacy


CAREFUL = {
    "careful": row("careful", trains=Trains.NO),
    "greedy": row("greedy", trains=Trains.YES),
    "mute": row("mute"),
}
SEEN = (card("careful:a"), card("greedy:b"), card("mute:c"))


def test_no_training_asks_only_who_says_that_it_does_not_and_who_is_here() -> None:
    made = World([*SEEN, HERE], rows=CAREFUL | ROWS)
    assert set(made.order("auto", policy=Policy(privacy=Privacy.NO_TRAINING))) == {"careful:a", "ollama:qwen3:32b"}
    assert made.refused("auto", policy=Policy(privacy=Privacy.NO_TRAINING)) == {
        "greedy:b": "privacy",
        "mute:c": "privacy",
    }


def test_privacy_binds_an_exact_name_too() -> None:
    assert World(SEEN, rows=CAREFUL).order("greedy:b", policy=Policy(privacy=Privacy.NO_TRAINING)) == []


@pytest.mark.parametrize("operator", Privacy)
@pytest.mark.parametrize("caller", Privacy)
def test_of_the_operators_and_the_callers_wish_the_stricter_holds(operator: Privacy, caller: Privacy) -> None:
    made = World([*SEEN, HERE], rows=CAREFUL | ROWS, rules=Rules(privacy=operator))
    asked = made.order("auto", policy=Policy(privacy=caller))
    if Privacy.LOCAL in (operator, caller):
        assert asked == ["ollama:qwen3:32b"]
    elif Privacy.NO_TRAINING in (operator, caller):
        assert set(asked) == {"careful:a", "ollama:qwen3:32b"}
    else:
        assert len(asked) == 4


def test_a_typo_under_privacy_is_still_a_typo() -> None:
    with pytest.raises(UnknownModel):
        world(HERE).planner.plan(ask("qwen3:33b"), Policy(privacy=Privacy.LOCAL))
