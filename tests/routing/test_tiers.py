"""The virtual models on the catalogue that ships: each chooses what its name promises, by rules, not by lists."""

from __future__ import annotations

import re

import pytest

from tests.routing.worlds import World, card
from wallascli.providers import PROVIDERS
from wallascli.routing.candidate import Candidate, Place, Plan
from wallascli.routing.rules import Rules
from wallascli.routing.shipped import shipped_cards
from wallascli.routing.tiers import TIERS, own_tier, tier_named
from wallascli.vocab.failures import FailureClass, Misconfigured
from wallascli.vocab.models import Modality, Operation, Status
from wallascli.vocab.policy import Policy
from wallascli.vocab.secret import Secret

NO_CHAT = re.compile(r"guard|moderation|embed|whisper|tts|rerank|dall-e|veo|sora|imagen|lyria|ocr", re.IGNORECASE)


def everybody(rules: Rules | None = None) -> World:
    """All keys present, nothing measured."""
    places = {
        name: Place(row, (Secret(f"key-of-{name}"),), unusable=row.retired, unusable_kind="retired")
        for name, row in PROVIDERS.items()
    }
    return World(shipped_cards(), {}, rules or Rules(), places)


@pytest.fixture(scope="module")
def fresh() -> World:
    return everybody()


@pytest.fixture(scope="module")
def paying() -> World:
    return everybody(Rules(allow_paid=True))


PAYS = Policy(allow_paid=True)
HARD = "Prove it:\n```\ndef f(x): return x\n```\n$x^2 = y_1$ for all x.\n" + "Think about every case. " * 80


def first(plan: Plan, count: int = 5) -> list[Candidate]:
    return list(plan.candidates[:count])


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_has_many_to_ask_and_all_of_them_chat_live_and_cost_nothing(fresh: World, tier: str) -> None:
    plan = fresh.plan(tier)
    assert len(plan.candidates) > 40
    for one in plan.candidates:
        assert one.card.operation is Operation.CHAT
        assert one.card.status is not Status.RETIRED
        assert fresh.places[one.provider.name].costs_nothing(one.card)
        assert not NO_CHAT.search(one.card.id), one.name
        assert not one.provider.retired


@pytest.mark.parametrize("tier", TIERS)
def test_the_first_three_are_no_three_names_of_one_model_at_one_provider(fresh: World, tier: str) -> None:
    assert len({(one.card.provider, one.card.same_as) for one in first(fresh.plan(tier), 3)}) == 3


@pytest.mark.parametrize("tier", sorted(TIERS.keys() - {"multimodal"}))  # only Google's take all kinds
def test_the_first_ten_are_not_all_at_one_provider(fresh: World, tier: str) -> None:
    assert len({one.provider.name for one in first(fresh.plan(tier), 10)}) >= 3


def test_auto_answers_an_easy_question_soon_and_with_a_middling_model(fresh: World) -> None:
    chosen = first(fresh.plan("auto"))[0]
    assert chosen.provider.quick
    assert chosen.card.strength >= 0.45


def test_auto_gives_a_hard_question_to_a_stronger_model(fresh: World) -> None:
    easy, hard = fresh.plan("auto"), fresh.plan("auto", text=HARD)
    assert set(hard.signals) >= {"code", "formulas", "long question"}
    assert _mean_strength(hard) > _mean_strength(easy) + 0.1


def _mean_strength(plan: Plan) -> float:
    return sum(one.card.strength for one in first(plan)) / 5


@pytest.mark.parametrize("tier", ["auto", "vista"])
def test_free_comes_first_also_where_paying_is_allowed(paying: World, tier: str) -> None:
    free = [
        paying.places[one.provider.name].costs_nothing(one.card)
        for one in paying.plan(tier, policy=PAYS).candidates
    ]
    assert free == sorted(free, reverse=True)
    assert not all(free)


def test_reasoning_puts_quality_first_where_paying_is_allowed(paying: World) -> None:
    strongest = max(one.card.strength for one in paying.plan("razonamiento", policy=PAYS).candidates)
    assert first(paying.plan("razonamiento", policy=PAYS))[0].card.strength >= strongest - 0.05


def test_rapido_begins_with_who_is_quick_and_no_giant(fresh: World) -> None:
    for one in first(fresh.plan("rapido"), 3):
        assert one.provider.quick
        assert one.card.strength < 0.7


def test_rapido_follows_what_was_measured() -> None:
    world = everybody()
    *slow, quick = world.order("rapido")[:30]
    for _ in range(10):
        for name in slow:
            world.answer(name, first=3.0, seconds=5.0)
        world.answer(quick, first=0.2)
    world.now += 1
    assert world.order("rapido")[0] == quick


def test_standard_is_neither_the_smallest_nor_the_slowest(fresh: World) -> None:
    assert 0.5 <= first(fresh.plan("standard"))[0].card.strength <= 0.8


@pytest.mark.parametrize("tier", ["razonamiento", "agentico", "codigo"])
def test_where_quality_counts_the_strongest_free_ones_come_first(fresh: World, tier: str) -> None:
    assert all(one.card.strength > 0.5 for one in first(fresh.plan(tier)))
    assert first(fresh.plan(tier))[0].card.strength >= 0.8


def test_razonamiento_asks_only_models_that_reason(fresh: World) -> None:
    assert all(one.card.reasoning for one in fresh.plan("razonamiento").candidates)


def test_agentico_asks_only_models_known_to_call_tools(fresh: World) -> None:
    assert all(one.card.tools for one in fresh.plan("agentico").candidates)


def test_vista_asks_only_models_that_see(fresh: World) -> None:
    assert all(Modality.IMAGE in one.card.takes for one in fresh.plan("vista").candidates)


def test_codigo_has_a_model_made_for_programming_among_the_first(fresh: World) -> None:
    assert any(re.search("cod(er|e|estral)|devstral", one.card.id) for one in first(fresh.plan("codigo")))


def test_multimodal_begins_with_the_widest_input(fresh: World) -> None:
    plan = fresh.plan("multimodal")
    widest = max(len(one.card.takes) for one in plan.candidates)
    assert widest == len(Modality)
    assert all(len(one.card.takes) == widest for one in first(plan))


def test_contexto_largo_begins_with_the_largest_windows(fresh: World) -> None:
    plan = fresh.plan("contexto-largo")
    assert all((one.card.context or 0) >= 900_000 for one in first(plan, 10))


def test_a_tier_that_needs_what_nobody_has_says_so_and_asks_nobody() -> None:
    world = World([card("one:a", reasoning=None), card("two:b", reasoning=False)])
    assert world.order("razonamiento") == []
    assert {one.name: one.reason for one in world.plan("razonamiento").refused} == {
        "one:a": "reasoning unknown",
        "two:b": "no reasoning",
    }


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("fast", "rapido"),
        ("reasoning", "razonamiento"),
        ("vision", "vista"),
        ("equilibrado", "standard"),
        ("code", "codigo"),
        ("agent", "agentico"),
        ("long-context", "contexto-largo"),
        ("Vision", "vista"),
    ],
)
def test_plain_words_in_english_and_spanish_name_a_tier(name: str, tier: str) -> None:
    found = tier_named(name)
    assert found is not None
    assert found.name == tier


def test_no_model_of_the_catalogue_is_hidden_behind_a_word_for_a_tier() -> None:
    assert [one.name for one in shipped_cards() if tier_named(one.id)] == []


def test_who_failed_lately_is_asked_later_but_found_again() -> None:
    world = World([card("one:a"), card("two:b")])
    assert world.order("auto")[0] == "one:a"
    for _ in range(6):
        world.fail("one:a", FailureClass.EMPTY)
        world.answer("one:a")
        world.answer("two:b")
    world.now += 1
    assert world.order("auto") == ["two:b", "one:a"]
    world.now += 12 * 3_600  # samples are forgotten, and nobody has asked it since
    for _ in range(20):
        world.answer("two:b")
    world.now += 1
    explore = {
        one.name: term.points
        for one in world.plan("auto").candidates
        for term in one.terms
        if term.name == "explore"
    }
    assert explore["one:a"] > explore["two:b"]


# -- tiers of the user's own


def test_an_own_tier_is_a_rule_and_an_order() -> None:
    cards = [
        card("groq:a", tools=False),
        card("groq:b"),
        card("openrouter:x/c:free"),
        card("openrouter:x/d"),
        card("z:e"),
    ]
    rules = Rules(tiers={"mine": own_tier("mine", ("tools",), ("openrouter:*:free", "groq:*"))})
    plan = World(cards, rules=rules).plan("mine")
    assert [one.name for one in plan.candidates] == ["openrouter:x/c:free", "groq:b", "openrouter:x/d", "z:e"]
    assert plan.profile == "mine"
    assert [one.name for one in plan.refused] == ["groq:a"]


def test_the_users_order_holds_against_every_measured_advantage() -> None:
    rules = Rules(tiers={"mine": own_tier("mine", (), ("slow:*", "fast:*"))})
    world = World([card("slow:a", strength=0.1), card("fast:b", strength=0.9)], rules=rules)
    for _ in range(20):
        world.answer("slow:a", first=9.0, seconds=30.0, characters=10)
        world.answer("fast:b", first=0.1, characters=9_000)
    world.now += 1
    assert world.order("mine") == ["slow:a", "fast:b"]


@pytest.mark.parametrize("needs", [("vision",), ("image",), ("images",)])
def test_an_own_tier_that_needs_images_asks_only_who_sees(needs: tuple[str, ...]) -> None:
    cards = [card("one:a"), card("two:b", takes=frozenset({Modality.TEXT, Modality.IMAGE}))]
    assert World(cards, rules=Rules(tiers={"mine": own_tier("mine", needs, ())})).order("mine") == ["two:b"]


def test_a_need_that_is_no_word_of_ours_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(Misconfigured) as caught:
        own_tier("mine", ("tools", "telepathy"), ())
    assert "telepathy" in caught.value.message
    assert "structured" in caught.value.hint


def test_an_own_tier_may_take_the_name_of_one_of_ours() -> None:
    rules = Rules(tiers={"auto": own_tier("auto", (), ("two:*",))})
    assert World([card("one:a"), card("two:b")], rules=rules).order("auto") == ["two:b", "one:a"]
