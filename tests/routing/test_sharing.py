"""What fails or sleeps for all models of a provider costs one attempt, not one for each of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.routing.test_course import always, candidate, walk
from tests.routing.worlds import World, card, no
from wallascli.routing.course import Turn
from wallascli.vocab.failures import Failure, FailureClass

F = FailureClass


@pytest.mark.parametrize("kind", [F.BAD_KEY, F.NO_CREDIT])
def test_a_key_that_was_rejected_is_not_shown_again_for_another_model(kind: FailureClass) -> None:
    one, lasts = candidate("one:a", keys=2), []
    same = [replace(one, card=card(name), last_resort=late) for name, late in (("one:b", False), ("one:c", True))]

    def answer(turn: Turn) -> Failure:
        lasts.append(turn.last)
        return no(kind)

    asked, _ = walk([one, *same, candidate("two:d")], answer)
    assert asked == ["one:a", "one:a#1", "two:d"]
    assert lasts[-1], "nobody is left after it who could be asked"
    keyless = [candidate("one:a", keys=0), candidate("one:b", keys=0)]
    assert walk(keyless, always(kind))[0] == ["one:a", "one:b"], "without a key there is none to blame"


def test_a_key_that_was_not_rejected_is_shown_for_the_next_model() -> None:
    one = candidate("one:a", keys=2)
    kinds = iter([F.BAD_KEY, F.RATE_LIMITED, F.OVERLOADED])
    asked, _ = walk([one, replace(one, card=card("one:b"))], lambda turn: no(next(kinds)))
    assert asked == ["one:a", "one:a#1", "one:b#1"]


@pytest.mark.parametrize("kind", [F.UNREACHABLE, F.BAD_KEY])
def test_of_what_sleeps_as_one_only_one_model_is_tried_as_a_last_resort(kind: FailureClass) -> None:
    world = World([card("one:a"), card("one:b"), card("one:c"), card("two:d")])
    world.fail("one:a", kind)
    world.fail("two:d", F.BROKEN)
    tried = walk(list(world.plan("auto").candidates), always(F.SLOW), world.witness.permit)[0]
    assert sorted(name.partition(":")[0] for name in tried) == ["one", "two"]


def test_a_provider_that_proves_awake_at_the_last_resort_is_asked_for_its_other_models() -> None:
    world = World([card("one:a"), card("one:b")])
    world.fail("one:a", F.UNREACHABLE)

    def answer(turn: Turn) -> Failure | None:
        failure = no(F.MODEL_GONE, status=404) if turn.candidate.name == first else None
        if failure:
            world.witness.failed(turn, failure, waited=None)
        return failure

    plan = list(world.plan("auto").candidates)
    first = plan[0].name
    asked, _ = walk(plan, answer, world.witness.permit)
    assert [name.partition("#")[0] for name in asked] == [one.name for one in plan]
