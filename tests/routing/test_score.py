"""Each term of the score swaps two candidates that are equal in all else; and what is shown adds up to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.routing.worlds import World, alias, ask, card, row
from wallascli.routing.averages import Measured
from wallascli.routing.needs import Needs
from wallascli.routing.rules import Rules
from wallascli.routing.score import Grounds, room, usual
from wallascli.routing.tiers import TIERS, own_tier
from wallascli.vocab.failures import FailureClass
from wallascli.vocab.models import Limits, ModelCard, Price
from wallascli.vocab.policy import Policy

FIRST, SECOND = card("one:a", same_as="a"), card("two:b", same_as="b")
PAYING = Rules(allow_paid=True, paid_by_default=True)


@dataclass(frozen=True)
class Swap:
    """What puts `two:b` before `one:a`, by this term alone."""

    term: str
    facts: dict[str, object]
    does: Callable[[World], None]
    tier: str = "auto"


def _nothing(world: World) -> None:
    pass


def _is_quicker(world: World) -> None:
    for name, first in (("one:a", 3.0), ("two:b", 0.3)):
        for _ in range(5):
            world.answer(name, first=first, seconds=first + 2.0)


def _is_faster(world: World) -> None:
    for name, characters in (("one:a", 100), ("two:b", 4_000)):
        for _ in range(5):
            world.answer(name, first=1.0, seconds=3.0, characters=characters)


def _is_steadier(world: World) -> None:
    # The same kind of failure for nobody's circuit: too few in a row to open one, and told apart by the mean only.
    for kind in (FailureClass.EMPTY, FailureClass.UNKNOWN, FailureClass.EMPTY):
        world.answer("one:a")
        world.fail("one:a", kind)
        world.answer("one:a")
    for _ in range(9):
        world.answer("two:b")


def _was_asked_before(world: World) -> None:
    candidate = next(one for one in world.plan("auto").candidates if one.name == "two:b")
    world.planner.remember(ask("auto"), Policy(), candidate)


def _is_less_known(world: World) -> None:
    # As expected in everything, so that only the number of samples differs: nine answers to one whole failure.
    known = world.catalog.card("one", "a")
    assert known is not None
    first, speed = usual(known, quick=False)
    for number in range(45):
        world.answer("one:a", first=first, seconds=first + 2.0, characters=round(speed * 2))
        if number % 9 in (3, 6):
            world.fail("one:a", FailureClass.EMPTY)


SWAPS = (
    Swap("fit", {"strength": 0.9}, _nothing, "razonamiento"),
    Swap("first", {}, _is_quicker),
    Swap("speed", {}, _is_faster),
    Swap("success", {}, _is_steadier),
    Swap("price", {"price": Price(0.1, 0.1)}, _nothing),
    Swap("quota", {"limits": Limits(rpd=10_000)}, _nothing),
    Swap("sticky", {}, _was_asked_before),
    Swap("explore", {}, _is_less_known),
)
# What the first one shows where the second is better by a fact of its card.
BEFORE: dict[str, dict[str, object]] = {
    "fit": {"strength": 0.2, "reasoning": True},
    "price": {"price": Price(5.0, 5.0)},
    "quota": {"limits": Limits(rpd=20)},
}


@pytest.mark.parametrize("swap", SWAPS, ids=lambda swap: swap.term)
def test_this_term_alone_swaps_two_candidates(swap: Swap) -> None:
    equal = {"reasoning": True, "free": swap.term != "price"} | BEFORE.get(swap.term, {})
    weights = dict.fromkeys(TIERS[swap.tier].weights, 0.0) | {swap.term: TIERS[swap.tier].weights[swap.term]}
    only = World([card("one:a", **equal), card("two:b", **(equal | swap.facts))], rules=PAYING)
    assert World([card("one:a", **equal), card("two:b", **equal)], rules=PAYING).order("auto") == ["one:a", "two:b"]
    swap.does(only)
    plan = only.plan(swap.tier)
    assert [one.name for one in plan.candidates] == ["two:b", "one:a"]
    # And it would do so if nothing else counted: the difference is of this term.
    points = [
        sum(term.value * weights[term.name] for term in one.terms if term.name in weights)
        for one in plan.candidates
    ]
    assert points[0] > points[1]


def test_the_order_of_the_users_own_tier_swaps_them_too() -> None:
    rules = Rules(tiers={"mine": own_tier("mine", (), ("two:*", "one:*"))})
    assert World([FIRST, SECOND], rules=rules).order("mine") == ["two:b", "one:a"]
    assert World([FIRST, SECOND]).order("auto") == ["one:a", "two:b"]


def test_a_quick_provider_is_expected_to_be_quick_until_it_is_measured() -> None:
    world = World([FIRST, SECOND], rows={"two": row("two", quick=True)})
    assert world.order("rapido") == ["two:b", "one:a"]
    for _ in range(20):
        world.answer("two:b", first=6.0, seconds=8.0)
        world.answer("one:a", first=0.5)
    world.now += 1
    assert world.order("rapido") == ["one:a", "two:b"]


def test_measured_figures_outweigh_what_was_expected_after_some_samples() -> None:
    slow = Measured(4.0, 5.0, 100.0, 0.5, 20.0, 40.0, 20.0)
    expected = {t.name: t.value for t in _grounds(FIRST, None).terms()}
    measured = {t.name: t.value for t in _grounds(FIRST, slow).terms()}
    for name in ("first", "speed", "success"):
        assert measured[name] < expected[name] - 0.05, name


def test_one_sample_does_not_turn_the_order_upside_down() -> None:
    one = Measured(0.1, 0.2, 5_000.0, 1.0, 1.0, 0.5, 1.0)
    assert _grounds(FIRST, one).score() < _grounds(FIRST, None).score() + 0.15


FACTS = st.fixed_dictionaries(
    {
        "strength": st.floats(0, 1),
        "context": st.none() | st.integers(1, 10**8),
        "reasoning": st.none() | st.booleans(),
        "price": st.builds(Price, st.none() | st.floats(0, 1_000), st.none() | st.floats(0, 1_000)),
        "limits": st.builds(Limits, *(st.none() | st.integers(1, 10**9) for _ in range(4))),
        "local": st.booleans(),
    }
)
MEASURED = st.none() | st.builds(
    Measured,
    st.none() | st.floats(0, 1e4),
    st.none() | st.floats(0, 1e4),
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(0, 1),
    *(st.floats(0, 1e6) for _ in range(3)),
)


@given(
    facts=FACTS,
    measured=MEASURED,
    free=st.booleans(),
    tier=st.sampled_from(sorted(TIERS)),
    tokens=st.integers(0, 10**7),
    difficulty=st.floats(0, 1),
)
def test_every_term_lies_between_nothing_and_one_and_the_score_is_their_sum(
    facts: dict[str, object], measured: Measured | None, free: bool, tier: str, tokens: int, difficulty: float
) -> None:
    needs = Needs(tokens=tokens, difficulty=difficulty)
    grounds = Grounds(card("one:a", **facts), TIERS[tier], needs, measured, free=free, quick=not free)
    terms = grounds.terms()
    assert all(0.0 <= term.value <= 1.0 for term in terms), terms
    assert grounds.score() == pytest.approx(sum(term.points for term in terms))
    assert {term.name for term in terms} >= TIERS[tier].weights.keys()


@given(strong=FACTS, weak=FACTS, measured=MEASURED, tier=st.sampled_from(["auto", "vista"]))
def test_where_free_comes_first_no_paid_model_stands_before_a_free_one(
    strong: dict[str, object], weak: dict[str, object], measured: Measured | None, tier: str
) -> None:
    paid = Grounds(card("p:a", **strong), TIERS[tier], Needs(), measured, free=False, quick=True, sticky=True)
    free = Grounds(card("f:a", **weak), TIERS[tier], Needs(), None, free=True)
    assert free.score() > paid.score()


def test_where_quality_comes_first_a_much_stronger_paid_model_does() -> None:
    strong = card("paid:best", free=False, strength=0.95, reasoning=True, price=Price(3, 15))
    weak = card("free:small", strength=0.3, reasoning=True)
    assert World([strong, weak], rules=PAYING).order("razonamiento") == ["paid:best", "free:small"]
    assert World([strong, weak], rules=PAYING).order("auto") == ["free:small", "paid:best"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"limits": Limits(rpd=20)}, (0.25, 0.35)),
        ({"limits": Limits(rpd=14_400)}, (0.99, 1.0)),
        ({"limits": Limits(tpd=200_000)}, (0.4, 0.5)),
        ({"limits": Limits(rpd=1_000, tpd=200_000)}, (0.4, 0.5)),
        ({}, (0.6, 0.6)),
        ({"free": None}, (0.3, 0.3)),
        ({"local": True, "limits": Limits(rpd=1)}, (1.0, 1.0)),
        ({"limits": Limits(rpd=14_400, tpm=50)}, (0.0, 0.0)),
    ],
)
def test_how_far_a_free_plan_reaches(facts: dict[str, object], expected: tuple[float, float]) -> None:
    assert expected[0] <= room(card("a:b", **facts), Needs(tokens=100)) <= expected[1]


def test_the_reasons_name_figures_that_a_person_understands() -> None:
    whys = {term.name: term.why for term in _grounds(card("a:b", limits=Limits(rpm=30, rpd=1_000)), None).terms()}
    assert whys["price"] == "free"
    assert whys["quota"] == "30 requests a minute, 1000 requests a day"
    assert whys["first"].endswith(" s to the first content")
    assert whys["success"] == "90% of recent requests"


def test_an_alias_of_several_places_of_one_name_keeps_scores_out_of_it() -> None:
    world = World([FIRST, SECOND], rules=Rules(aliases=alias("work", "two:b", "one:a")))
    _is_quicker(world)
    assert world.order("work") == ["two:b", "one:a"]


def _grounds(one: ModelCard, measured: Measured | None) -> Grounds:
    return Grounds(one, TIERS["auto"], Needs(), measured, free=True)
