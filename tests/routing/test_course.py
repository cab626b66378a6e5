"""The table of failure classes (design 3.1), walked: the same again? the next? and who cools down for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.routing.worlds import NOON, World, card, no, row
from wallascli.routing.candidate import Candidate, Refused
from wallascli.routing.course import PATIENCE, Course, Permit, Turn
from wallascli.vocab.failures import Failure, FailureClass
from wallascli.vocab.secret import Secret

F = FailureClass


def candidate(name: str, **facts: object) -> Candidate:
    keys = tuple(Secret(f"{name}-key-{number}") for number in range(int(str(facts.pop("keys", 1)))))
    extra = {key: facts.pop(key) for key in ("named", "last_resort", "retries") if key in facts}
    return Candidate(row(name.partition(":")[0]), card(name, **facts), keys, **extra)  # type: ignore[arg-type]


def with_all_keys(one: Candidate) -> Permit:
    return Permit(one.keys or (None,))


def walk(
    candidates: list[Candidate],
    answer: Callable[[Turn], Failure | None],
    permit: Callable[[Candidate], Permit] = with_all_keys,
) -> tuple[list[str], Course]:
    """Names asked, in order, until one answers; keys after the first are marked."""
    course, asked = Course(candidates, permit), []
    for turn in course.turns():
        number = turn.key.reveal()[-1] if turn.key else "-"
        asked.append(turn.candidate.name + ("" if number in "-0" else f"#{number}"))
        failure = answer(turn)
        if failure is None:
            break
        course.failed(turn, failure, 0.1, NOON)
    return asked, course


def always(kind: FailureClass, **facts: object) -> Callable[[Turn], Failure]:
    return lambda turn: no(kind, **facts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Law:
    """One row of the table. ``again``: asked twice with one key; ``keys``: the second key is tried."""

    kind: FailureClass
    cools: str
    again: bool = False
    keys: bool = False
    next: str = "all"


TABLE = (
    Law(F.CALLER_FAULT, "nobody", next="one other provider"),
    Law(F.TOO_LONG, "nobody", next="larger"),
    Law(F.REFUSED, "nobody", next="none"),
    Law(F.LACKING, "nobody"),
    Law(F.BAD_KEY, "key", keys=True),
    Law(F.NO_CREDIT, "key", keys=True),
    Law(F.RATE_LIMITED, "key x model", keys=True),
    Law(F.QUOTA_SPENT, "key x model", keys=True),
    Law(F.MODEL_GONE, "model"),
    Law(F.BROKEN, "model", again=True),
    Law(F.OVERLOADED, "model"),
    Law(F.UNREACHABLE, "provider", next="other providers"),
    Law(F.SLOW, "half"),
    Law(F.EMPTY, "half"),
    Law(F.UNKNOWN, "half"),
)
LAWS = pytest.mark.parametrize("law", TABLE, ids=lambda law: law.kind.value)


def test_the_table_has_a_row_for_every_class() -> None:
    assert [law.kind for law in TABLE] == list(FailureClass)


@LAWS
def test_the_same_candidate_is_asked_again_only_where_the_table_says_so(law: Law) -> None:
    asked, _ = walk([candidate("one:a", keys=2)], always(law.kind))
    expected = ["one:a"]
    if law.again:
        expected.append("one:a")
    if law.keys:
        expected.append("one:a#1")
    assert asked == expected


@LAWS
def test_the_next_candidates_are_those_that_the_table_allows(law: Law) -> None:
    others = [
        candidate("one:same-provider", context=10**6),
        candidate("two:b", context=1_000),
        candidate("three:c", context=10**6),
        candidate("four:d", context=None),
    ]
    asked, _ = walk([candidate("one:a", context=100_000), *others], always(law.kind))
    names = list(dict.fromkeys(asked))[1:]
    assert (
        names
        == {
            "all": [one.name for one in others],
            "none": [],
            "one other provider": ["two:b"],
            "other providers": ["two:b", "three:c", "four:d"],
            # Each that refuses raises the bar: after a window of a million only an unknown one is left.
            "larger": ["one:same-provider", "four:d"],
        }[law.next]
    )


@LAWS
def test_who_cools_down_is_who_is_to_blame(law: Law) -> None:
    world = World([card("one:a"), card("one:b"), card("two:c")])
    world.places["one"] = replace(world.places["one"], keys=(Secret("first-key"), Secret("second-key")))
    first, second = (key.fingerprint for key in world.places["one"].keys)
    for _ in range(1 if law.cools != "half" else 2):
        world.health.failed("one", "a", first, no(law.kind), NOON)

    def may(model: str, key: str) -> bool:
        return world.health.verdict("one", model, [key], NOON).may_ask

    cooled = {
        name
        for name, asleep in {
            "model": not may("a", second),
            "key": not may("b", first),
            "key x model": not may("a", first),
            "provider": not may("b", second),
        }.items()
        if asleep
    }
    assert (
        cooled
        == {
            "nobody": set(),
            "half": set(),
            "key": {"key", "key x model"},
            "key x model": {"key x model"},
            "model": {"model", "key x model"},
            "provider": {"model", "key", "key x model", "provider"},
        }[law.cools]
    )
    if law.cools == "half":
        world.health.failed("one", "a", first, no(law.kind), NOON)
        assert not may("a", second), "the third half failure opens the circuit"
    assert world.health.verdict("two", "c", [world.key("two")], NOON).may_ask


# -- the caller's fault


def test_one_other_provider_is_heard_and_two_of_one_opinion_settle_it() -> None:
    names = ["one:a", "one:b", "two:c", "three:d"]
    asked, course = walk([candidate(name) for name in names], always(F.CALLER_FAULT))
    assert asked == ["one:a", "two:c"]
    assert [attempt.provider for attempt in course.attempts] == ["one", "two"]


def test_a_provider_that_is_down_has_given_no_opinion() -> None:
    says = {"one:a": F.CALLER_FAULT, "two:b": F.OVERLOADED, "three:c": F.UNREACHABLE, "four:d": F.CALLER_FAULT}
    asked, _ = walk([candidate(name) for name in [*says, "five:e"]], lambda turn: no(says[turn.candidate.name]))
    assert asked == list(says)


def test_another_provider_may_think_differently() -> None:
    answers = lambda turn: no(F.CALLER_FAULT) if turn.candidate.name == "one:a" else None  # noqa: E731
    asked, _ = walk([candidate("one:a"), candidate("one:b"), candidate("two:c")], answers)
    assert asked == ["one:a", "two:c"]


# -- too long


def test_a_window_that_the_error_names_counts_more_than_the_card() -> None:
    others = [candidate("two:b", context=50_000), candidate("three:c", context=200_000)]
    failure = no(F.TOO_LONG, context_window=8_000)
    first = candidate("one:a", context=100_000)
    asked, _ = walk([first, *others], lambda turn: failure if turn.candidate is first else None)
    assert asked == ["one:a", "two:b"]


def test_an_unknown_window_of_who_refused_leaves_everybody_in() -> None:
    asked, _ = walk([candidate("one:a", context=None), candidate("two:b", context=1_000)], always(F.TOO_LONG))
    assert asked == ["one:a", "two:b"]


# -- keys


def test_all_keys_of_a_pool_are_tried_before_the_next_candidate() -> None:
    asked, _ = walk([candidate("one:a", keys=3), candidate("two:b")], always(F.BAD_KEY))
    assert asked == ["one:a", "one:a#1", "one:a#2", "two:b"]


def test_a_failure_that_is_not_the_keys_leaves_its_other_keys_alone() -> None:
    asked, _ = walk([candidate("one:a", keys=3), candidate("two:b")], always(F.OVERLOADED))
    assert asked == ["one:a", "two:b"]


def test_a_broken_answer_is_asked_again_with_the_same_key_before_the_pool_goes_on() -> None:
    keys: list[str] = []

    def answer(turn: Turn) -> Failure:
        keys.append(turn.key.reveal() if turn.key else "")
        return no(F.BAD_KEY if len(keys) == 1 else F.BROKEN)

    walk([candidate("one:a", keys=3)], answer)
    assert [key[-1] for key in keys] == ["0", "1", "1"]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_what_broke_is_asked_again_as_often_as_the_alias_says(retries: int) -> None:
    asked, _ = walk([candidate("one:a", retries=retries), candidate("two:b", retries=0)], always(F.BROKEN))
    assert asked == ["one:a"] * (1 + retries) + ["two:b"]


# -- patience with a short limit


def limited(until: float | None) -> Callable[[Turn], Failure]:
    return lambda turn: no(F.RATE_LIMITED, until)


def test_a_short_limit_of_a_named_model_is_waited_out_once() -> None:
    waits: list[float] = []

    def answer(turn: Turn) -> Failure:
        waits.append(turn.wait)
        return no(F.RATE_LIMITED, NOON + 2.5)

    asked, _ = walk([candidate("one:a", named=True), candidate("two:b", named=True)], answer)
    assert asked == ["one:a", "one:a", "two:b", "two:b"]
    assert waits == [0.0, 2.5, 0.0, 2.5]


@pytest.mark.parametrize("until", [None, NOON + PATIENCE + 0.1, NOON + 3_600])
def test_a_long_or_unknown_limit_is_not_waited_for(until: float | None) -> None:
    asked, _ = walk([candidate("one:a", named=True), candidate("two:b")], limited(until))
    assert asked == ["one:a", "two:b"]


def test_a_model_that_the_router_chose_is_not_waited_for() -> None:
    asked, _ = walk([candidate("one:a"), candidate("two:b")], limited(NOON + 1))
    assert asked == ["one:a", "two:b"]


def test_the_other_keys_are_tried_before_anybody_waits_and_then_the_first_to_be_free_is_taken() -> None:
    untils = {"0": NOON + 2.0, "1": NOON + 0.5, "2": NOON + 3.0}
    turns: list[tuple[str, float]] = []

    def answer(turn: Turn) -> Failure:
        key = turn.key.reveal()[-1] if turn.key else ""
        turns.append((key, turn.wait))
        return no(F.RATE_LIMITED, untils[key])

    walk([candidate("one:a", named=True, keys=3)], answer)
    assert turns == [("0", 0.0), ("1", 0.0), ("2", 0.0), ("1", 0.5)]


def test_a_spent_quota_is_never_waited_for() -> None:
    asked, _ = walk([candidate("one:a", named=True)], always(F.QUOTA_SPENT, until=NOON + 1))
    assert asked == ["one:a"]


# -- permits


def test_who_fell_asleep_since_the_plan_was_made_is_asked_when_nobody_else_is_left() -> None:
    asleep = {"one:a", "three:c"}

    def permit(one: Candidate) -> Permit:
        return Permit() if one.name in asleep and not one.last_resort else with_all_keys(one)

    asked, _ = walk([candidate(n) for n in ("one:a", "two:b", "three:c")], always(F.OVERLOADED), permit)
    assert asked == ["two:b", "one:a", "three:c"]


def test_who_has_no_quota_left_is_not_asked_and_the_reason_is_kept() -> None:
    spent = Refused("one:a", "quota spent", "quota", NOON + 60)
    permit = lambda one: Permit(refused=spent) if one.name == "one:a" else with_all_keys(one)  # noqa: E731
    asked, course = walk([candidate("one:a"), candidate("two:b")], always(F.OVERLOADED), permit)
    assert (asked, course.refused) == (["two:b"], [spent])


def test_leave_that_never_comes_ends_too() -> None:
    asked, _ = walk([candidate("one:a"), candidate("two:b")], always(F.OVERLOADED), lambda one: Permit())
    assert asked == []


def test_a_permit_may_say_to_wait_first_and_that_is_for_the_first_key_only() -> None:
    waits: list[float] = []

    def answer(turn: Turn) -> Failure:
        waits.append(turn.wait)
        return no(F.BAD_KEY)

    walk([candidate("one:a", keys=2)], answer, lambda one: Permit(one.keys, wait=1.5))
    assert waits == [1.5, 0.0]


def test_the_last_is_who_has_nobody_after_him_but_last_resorts() -> None:
    lasts: dict[str, bool] = {}

    def answer(turn: Turn) -> Failure:
        lasts[turn.candidate.name] = turn.last
        return no(F.OVERLOADED)

    walk([candidate("one:a"), candidate("two:b"), candidate("three:c", last_resort=True)], answer)
    assert lasts == {"one:a": False, "two:b": True, "three:c": True}


# -- whatever happens


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.sampled_from([f"{p}:{m}" for p in ("one", "two", "three") for m in "abc"]),
        keys=st.integers(1, 3),
        named=st.booleans(),
        last_resort=st.booleans(),
        retries=st.integers(0, 3),
        context=st.none() | st.integers(1, 10**6),
    ),
    max_size=6,
    unique_by=lambda one: one.name,
)


@given(
    candidates=CANDIDATES,
    kinds=st.lists(st.sampled_from(FailureClass), min_size=1, max_size=30),
    sleepy=st.sets(st.sampled_from(["one", "two", "three"])),
)
def test_every_course_ends_and_asks_nobody_more_often_than_keys_retries_and_patience_allow(
    candidates: list[Candidate], kinds: list[FailureClass], sleepy: set[str]
) -> None:
    count = iter(kinds * 100)

    def permit(one: Candidate) -> Permit:
        return Permit() if one.provider.name in sleepy and not one.last_resort else with_all_keys(one)

    asked, course = walk(candidates, lambda turn: no(next(count), NOON + 1), permit)
    for one in candidates:
        times = sum(name.partition("#")[0] == one.name for name in asked)
        assert times <= len(one.keys) + one.retries + 1
    assert len(course.attempts) == len(asked)


@given(candidates=CANDIDATES, sleepy=st.sets(st.sampled_from(["one", "two", "three"])))
def test_nobody_who_may_be_asked_is_left_out_while_all_fail_of_themselves(
    candidates: list[Candidate], sleepy: set[str]
) -> None:
    def permit(one: Candidate) -> Permit:
        return Permit() if one.provider.name in sleepy and not one.last_resort else with_all_keys(one)

    asked, _ = walk(candidates, always(F.OVERLOADED), permit)
    assert sorted(asked) == sorted(one.name for one in candidates)
