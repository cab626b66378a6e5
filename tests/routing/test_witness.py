"""Between a reply and the health of whom it asks: leave to ask before, a report after."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.routing.worlds import NOON, World, card, no
from wallascli.routing.candidate import Candidate
from wallascli.routing.course import Turn
from wallascli.vocab.failures import FailureClass
from wallascli.vocab.models import Modality
from wallascli.vocab.secret import Secret

F = FailureClass
SEES = frozenset({Modality.TEXT, Modality.IMAGE})


def pooled(count: int = 3) -> World:
    world = World([card("one:a", takes=SEES)])
    keys = tuple(Secret(f"key number {number}") for number in range(count))
    world.places["one"] = replace(world.places["one"], keys=keys)
    return World(world.cards, places=world.places)


def only(world: World, asked: str = "auto") -> Candidate:
    (candidate,) = world.plan(asked).candidates
    return candidate


def keys(world: World, candidate: Candidate) -> list[str]:
    return [key.reveal()[-1] if key else "" for key in world.witness.permit(candidate).keys]


def spoil(world: World, number: int, kind: FailureClass, until: float | None = None) -> None:
    print_ = world.places["one"].keys[number].fingerprint
    world.health.failed("one", "a", print_, no(kind, until), world.now)


# -- leave


def test_all_keys_are_offered_in_their_order_while_nothing_is_known_of_them() -> None:
    world = pooled()
    assert keys(world, only(world)) == ["0", "1", "2"]


@pytest.mark.parametrize("kind", [F.BAD_KEY, F.NO_CREDIT, F.RATE_LIMITED, F.QUOTA_SPENT])
def test_a_key_that_would_be_refused_is_not_offered_while_another_is_good(kind: FailureClass) -> None:
    world = pooled()
    spoil(world, 0, kind, NOON + 60)
    assert keys(world, only(world)) == ["1", "2"]
    world.now += 61
    assert "0" in keys(world, only(world))


def test_when_no_key_is_good_the_least_bad_is_first() -> None:
    world = pooled()
    for number, later in enumerate((900.0, 30.0, 300.0)):
        spoil(world, number, F.BAD_KEY, NOON + later)
    candidate = only(world)
    assert candidate.last_resort
    assert keys(world, candidate) == ["1", "2", "0"]


def test_a_provider_without_keys_is_asked_without_one() -> None:
    world = World([card("one:a")])
    world.places["one"] = replace(world.places["one"], keys=())
    world = World(world.cards, places=world.places)
    assert world.witness.permit(only(world)).keys == (None,)


def test_who_fell_asleep_since_the_plan_gets_no_leave_until_he_is_the_last_resort() -> None:
    world = World([card("one:a")])
    candidate = only(world)
    world.fail("one:a", F.BROKEN)
    permit = world.witness.permit(candidate)
    assert (permit.keys, permit.refused) == ((), None)
    assert world.witness.permit(replace(candidate, last_resort=True)).keys == candidate.keys


@pytest.mark.parametrize("last_resort", [False, True])
def test_who_has_spent_his_quota_since_the_plan_is_refused_with_the_reason(last_resort: bool) -> None:
    world = World([card("one:a")])
    candidate = replace(only(world), last_resort=last_resort)
    world.fail("one:a", F.QUOTA_SPENT, NOON + 60)
    permit = world.witness.permit(candidate)
    assert permit.keys == ()
    assert permit.refused is not None
    assert (permit.refused.kind, permit.refused.until) == ("quota", NOON + 60)


def test_a_short_limit_of_a_named_model_is_waited_out_when_nobody_else_is_left() -> None:
    world = World([card("one:a")])
    world.fail("one:a", F.RATE_LIMITED, NOON + 2)
    candidate = only(world, "one:a")
    assert (candidate.named, candidate.last_resort) == (True, True)
    assert world.witness.permit(candidate).wait == 2.0
    assert world.witness.permit(replace(candidate, named=False)).refused is not None


@pytest.mark.parametrize("end", ["failed", "succeeded"])
def test_a_report_is_about_the_key_that_was_used(end: str) -> None:
    world = pooled()
    candidate = only(world)
    turn = Turn(candidate, candidate.keys[1], last=True)
    world.witness.failed(turn, no(F.BAD_KEY), waited=None)
    assert keys(world, candidate) == ["0", "2"]
    if end == "succeeded":
        world.now += 1
        world.witness.succeeded(turn, first_content=0.1, characters=10, seconds=0.2)
        assert keys(world, candidate) == ["0", "1", "2"]


# -- probes


def recovering() -> tuple[World, Candidate]:
    world = World([card("one:a")])
    world.fail("one:a", F.BROKEN)
    world.now += 16
    return world, only(world)


def test_what_may_have_recovered_is_tried_by_one_request_at_a_time() -> None:
    world, candidate = recovering()
    first, second = world.witness.permit(candidate), world.witness.permit(candidate)
    assert first.probe is not None
    assert len(first.keys) == 1
    assert second.keys == ()


def test_a_try_is_bound_to_three_seconds_or_to_what_it_took_when_it_was_well() -> None:
    world, candidate = recovering()
    assert world.witness.permit(candidate).first_byte == 3.0
    slow = World([card("one:a")])
    for _ in range(20):
        slow.answer("one:a", first=6.0, seconds=9.0)
    slow.fail("one:a", F.BROKEN)
    slow.now += 16
    bound = slow.witness.permit(only(slow)).first_byte
    assert bound is not None
    assert 6.0 < bound < 12.0


@pytest.mark.parametrize("end", ["failed", "succeeded", "left"])
def test_however_a_try_ends_the_next_one_may_begin(end: str) -> None:
    world, candidate = recovering()
    permit = world.witness.permit(candidate)
    turn = Turn(candidate, permit.keys[0], last=True, permit=permit)
    match end:
        case "failed":
            world.witness.failed(turn, no(F.REFUSED), waited=None)
        case "succeeded":
            world.witness.succeeded(turn, first_content=0.1, characters=10, seconds=0.2)
        case _:
            world.witness.done(turn)
    again = world.witness.permit(candidate)
    assert again.keys == candidate.keys


def test_with_the_first_content_the_circuit_closes_for_all() -> None:
    world, candidate = recovering()
    permit = world.witness.permit(candidate)
    world.witness.answering(Turn(candidate, permit.keys[0], last=True, permit=permit), 0.2)
    assert world.witness.permit(candidate).keys == candidate.keys


# -- reports


def report(world: World, kind: FailureClass, message: str = "", **facts: object) -> None:
    failure = replace(no(kind, **facts), message=message)  # type: ignore[arg-type]
    candidate = only(world, "one:a")
    world.witness.failed(Turn(candidate, candidate.keys[0], last=True), failure, waited=None)


def test_a_window_in_an_error_goes_onto_the_card_and_one_that_is_not_named_does_not() -> None:
    world = World([card("one:a", context=131_072)])
    report(world, F.TOO_LONG)
    assert world.catalog.named("a")[0].context == 131_072
    report(world, F.TOO_LONG, context_window=8_192)
    assert world.catalog.named("a")[0].context == 8_192


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("this model does not support tools", "tools"),
        ("Function calling is not enabled for this model", "tools"),
        ("response_format json_schema is unsupported", "structured"),
        ("No endpoints found that support image input", "image"),
        ("this model has no vision", "image"),
        ("something else is missing", ""),
    ],
)
def test_what_a_provider_lacks_is_remembered_on_the_card(message: str, fact: str) -> None:
    world = World([card("one:a", takes=SEES)])
    report(world, F.LACKING, message)
    found = world.catalog.named("a")[0]
    assert (found.tools, found.structured, Modality.IMAGE in found.takes) == (
        fact != "tools",
        fact != "structured",
        fact != "image",
    )


def test_nothing_is_learnt_from_other_failures() -> None:
    world = World([card("one:a")])
    before = world.catalog.version
    for kind in set(FailureClass) - {F.LACKING, F.TOO_LONG}:
        report(world, kind, "tools window 100")
    assert world.catalog.version == before
