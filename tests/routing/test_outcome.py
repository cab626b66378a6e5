"""What the caller is told when nobody could answer: every row of the table of outcomes (design 4)."""

from __future__ import annotations

import time

import pytest

from tests.routing.worlds import NOON, World, alias, card, installed, no, row
from wallascli.routing.candidate import Place, Plan, Refused
from wallascli.routing.outcome import judge
from wallascli.routing.rules import Rules
from wallascli.vocab.chat import Media, Message, Role
from wallascli.vocab.failures import Attempt, FailureClass, Outcome, PlanExhausted
from wallascli.vocab.models import Operation, Status
from wallascli.vocab.policy import Policy, Privacy

F = FailureClass


def told(
    *attempts: tuple[str, FailureClass],
    refused: tuple[Refused, ...] = (),
    over: bool = False,
    profile: str = "auto",
) -> PlanExhausted:
    plan = Plan("auto", profile, (), refused)
    made = [Attempt(name, "m", no(kind), 0.1) for name, kind in attempts]
    return judge(plan, made, deadline_over=over, local_time=NOON)


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [
        ([F.BAD_KEY], Outcome.KEYS_REJECTED),
        ([F.BAD_KEY, F.NO_CREDIT], Outcome.KEYS_REJECTED),
        ([F.RATE_LIMITED], Outcome.OUT_OF_QUOTA),
        ([F.RATE_LIMITED, F.QUOTA_SPENT], Outcome.OUT_OF_QUOTA),
        ([F.MODEL_GONE, F.MODEL_GONE], Outcome.UNKNOWN_MODEL),
        ([F.TOO_LONG], Outcome.TOO_LONG),
        ([F.REFUSED], Outcome.REFUSED),
        ([F.OVERLOADED, F.REFUSED], Outcome.REFUSED),
        ([F.CALLER_FAULT], Outcome.CALLER_FAULT),
        ([F.OVERLOADED, F.CALLER_FAULT, F.CALLER_FAULT], Outcome.CALLER_FAULT),
        ([F.SLOW, F.SLOW], Outcome.DEADLINE),
        ([F.LACKING], Outcome.NO_CANDIDATE),
        ([F.BROKEN], Outcome.ALL_FAILED),
        ([F.BAD_KEY, F.RATE_LIMITED], Outcome.ALL_FAILED),
        ([F.CALLER_FAULT, F.OVERLOADED], Outcome.ALL_FAILED),
        ([F.UNREACHABLE, F.UNKNOWN, F.EMPTY], Outcome.ALL_FAILED),
    ],
)
def test_attempts_that_agree_are_one_outcome_and_anything_mixed_is_all_failed(
    kinds: list[FailureClass], outcome: Outcome
) -> None:
    assert told(*((f"p{place}", kind) for place, kind in enumerate(kinds))).outcome is outcome


def test_two_keys_of_one_provider_that_blame_the_caller_are_one_opinion() -> None:
    assert told(("p", F.CALLER_FAULT), ("q", F.BROKEN), ("p", F.CALLER_FAULT)).outcome is Outcome.ALL_FAILED


@pytest.mark.parametrize("kind", FailureClass)
def test_when_the_time_is_over_that_is_the_outcome_whatever_happened_before(kind: FailureClass) -> None:
    assert told(("p", kind), over=True).outcome is Outcome.DEADLINE


def test_the_first_provider_that_blames_the_caller_is_quoted() -> None:
    plan = Plan("auto", "auto", ())
    said = [
        Attempt("one", "m", no(F.OVERLOADED), 0.1),
        Attempt("two", "m", no(F.CALLER_FAULT, status=422), 0.1),
        Attempt("three", "m", no(F.CALLER_FAULT, status=400), 0.1),
    ]
    said[1] = Attempt("two", "m", type(said[1].failure)(F.CALLER_FAULT, "temperature must be a number", 422), 0.1)
    exhausted = judge(plan, said, deadline_over=False, local_time=NOON)
    assert exhausted.message == "temperature must be a number"


def test_every_attempt_is_named_with_its_reason() -> None:
    exhausted = told(("groq", F.BROKEN), ("gemini", F.UNREACHABLE))
    assert "groq:m: broken (it said broken); gemini:m: unreachable (it said unreachable)" in exhausted.message
    assert [attempt.provider for attempt in exhausted.facts.attempts] == ["groq", "gemini"]


def test_attempts_at_one_provider_that_ended_alike_are_told_once() -> None:
    exhausted = told(*[("groq", F.BROKEN)] * 10, ("gemini", F.BROKEN))
    assert exhausted.message.endswith(
        "groq:m: broken (it said broken) and 9 more like it; gemini:m: broken (it said broken)"
    )
    assert len(exhausted.facts.attempts) == 11


def test_who_is_left_out_of_the_message_is_counted() -> None:
    assert told(*((f"p{number}", F.BROKEN) for number in range(12))).message.endswith("; and 4 more")


def test_when_nobody_can_be_reached_the_network_may_be_down() -> None:
    assert told(("p", F.UNREACHABLE), ("q", F.UNREACHABLE)).hint == "is this machine online?"
    assert "wallasapi explain" in told(("p", F.UNREACHABLE), ("q", F.BROKEN)).hint


# -- limits


def limited(*untils: float | None, kind: FailureClass = F.RATE_LIMITED) -> PlanExhausted:
    plan = Plan("auto", "auto", ())
    attempts = [Attempt("p", "m", no(kind, until), 0.1) for until in untils]
    return judge(plan, attempts, deadline_over=False, local_time=NOON)


def test_the_first_limit_to_end_says_when_to_come_back() -> None:
    exhausted = limited(NOON + 3_000, NOON + 40, NOON + 900)
    assert exhausted.facts.retry_at == NOON + 40
    assert "The first one is back in 40 s." in exhausted.message


def test_a_later_moment_is_told_by_the_clock_and_a_far_one_by_the_day() -> None:
    def moment(seconds: float, form: str) -> str:
        return time.strftime(form, time.localtime(NOON + seconds))

    assert f"back at {moment(3_600, '%H:%M')}." in limited(NOON + 3_600).message
    assert f"back on {moment(200_000, '%Y-%m-%d at %H:%M')}." in limited(NOON + 200_000).message


def test_a_limit_of_unknown_length_is_guessed_so_that_there_is_always_a_retry_after() -> None:
    assert limited(None).facts.retry_at == NOON + 15
    assert limited(None, kind=F.QUOTA_SPENT).facts.retry_at == (NOON // 86_400 + 1) * 86_400
    assert limited(None, NOON + 5).facts.retry_at == NOON + 5


def test_only_limits_say_when_to_come_back() -> None:
    assert told(("p", F.OVERLOADED)).facts.retry_at is None


# -- nobody was asked: from a plan to the outcome


def unasked(world: World, model: str = "auto", policy: Policy | None = None, **fields: object) -> PlanExhausted:
    plan = world.plan(model, policy=policy, **fields)
    assert plan.candidates == ()
    return judge(plan, (), deadline_over=False, local_time=world.now)


def test_a_spent_quota_everywhere() -> None:
    world = World([card("one:a"), card("two:b")])
    world.fail("one:a", F.QUOTA_SPENT, NOON + 500)
    world.fail("two:b", F.RATE_LIMITED, NOON + 100)
    exhausted = unasked(world)
    assert (exhausted.outcome, exhausted.facts.retry_at) == (Outcome.OUT_OF_QUOTA, NOON + 100)
    assert "two:b: rate limited, back in 100 s" in exhausted.message


def test_only_paid_models_could_serve_it() -> None:
    exhausted = unasked(World([card("one:a", free=False)]))
    assert exhausted.outcome is Outcome.PAID_NOT_ENABLED
    assert "WALLAS_ALLOW_PAID" in exhausted.hint


@pytest.mark.parametrize("pin", ["", "groq"])
def test_an_exact_name_that_nobody_has_heard_of_counts_as_paid_and_is_guessed(pin: str) -> None:
    world = World([card("groq:openai/gpt-oss-120b"), card("openrouter:openai/gpt-oss-12b:free")])
    model = "gpt-oss-12" if pin else "groq:gpt-oss-12"
    exhausted = unasked(world, model, Policy(provider=pin))
    assert exhausted.outcome is Outcome.PAID_NOT_ENABLED
    guess = (
        "not in the catalogue; did you mean 'groq:openai/gpt-oss-120b'? Its price is unknown, so it counts as paid"
    )
    assert f"groq:gpt-oss-12: {guess}." in exhausted.message
    unlike = unasked(world, "groq:xyz").message
    assert "groq:xyz: not in the catalogue. Its price is unknown, so it counts as paid." in unlike


def test_longer_than_every_window() -> None:
    assert unasked(World([card("one:a", context=10)]), text="x" * 400).outcome is Outcome.TOO_LONG


def test_nobody_can_what_is_needed() -> None:
    picture = (Message(Role.USER, (Media("image/png", base64="a"),)),)
    exhausted = unasked(World([card("one:a")]), messages=picture)
    assert exhausted.outcome is Outcome.NO_CANDIDATE
    assert "one:a: does not take images" in exhausted.message


def test_nobody_is_private_enough() -> None:
    exhausted = unasked(World([card("one:a")]), policy=Policy(privacy=Privacy.LOCAL))
    assert exhausted.outcome is Outcome.NO_CANDIDATE
    assert "not on this machine" in exhausted.message


def test_nothing_is_configured() -> None:
    exhausted = unasked(World([card("one:a"), card("two:b")]).without_key("one", "two"))
    assert exhausted.outcome is Outcome.NOTHING_CONFIGURED
    assert exhausted.message == "No provider has a key and no local model server answers."


def test_a_named_model_without_a_key_says_which_key_is_missing() -> None:
    place = Place(row("openai"), unusable="no key (set OPENAI_API_KEY)")
    world = World([card("openai:gpt-4o"), card("groq:b")], rules=Rules(substitute=False), places={"openai": place})
    exhausted = unasked(world, "gpt-4o")
    assert exhausted.outcome is Outcome.NOTHING_CONFIGURED
    assert "No provider has a key" not in exhausted.message
    assert "openai:gpt-4o: no key (set OPENAI_API_KEY)" in exhausted.message


def test_a_model_that_is_gone_everywhere_does_not_exist() -> None:
    world = World([card("one:old", status=Status.RETIRED), card("two:b")], rules=Rules(substitute=False))
    assert unasked(world, "old").outcome is Outcome.UNKNOWN_MODEL


def test_a_local_model_that_is_not_installed_does_not_exist() -> None:
    world = World([card("ollama:qwen3", local=True), card("two:b")], rows={"ollama": row("ollama", local=True)})
    exhausted = unasked(world, "qwen3")
    assert exhausted.outcome is Outcome.UNKNOWN_MODEL
    assert "ollama:qwen3: not installed here" in exhausted.message


def test_what_cannot_chat_is_not_replaced_by_what_can() -> None:
    world = World([card("one:text-embed-3", operation=Operation.EMBED), card("two:b")])
    exhausted = unasked(world, "text-embed-3")
    assert exhausted.outcome is Outcome.NO_CANDIDATE
    assert "a model for embedding, not for chat" in exhausted.message


def test_a_switch_is_named_before_a_need_that_no_switch_can_change() -> None:
    cards = [card("one:a", free=False), card("two:b", tools=False, context=10)]
    assert unasked(World(cards), text="x" * 400).outcome is Outcome.PAID_NOT_ENABLED


def test_a_list_names_what_was_wrong_with_its_members() -> None:
    world = World([card("one:a", free=False)], rules=Rules(aliases=alias("work", "one:a", "aa")))
    exhausted = unasked(world, "work")
    assert "one:a: its price is unknown, so it counts as paid" in exhausted.message
    assert "aa: no model, tier or alias has this name" in exhausted.message


def test_five_reasons_are_enough_for_a_message_and_all_are_in_the_facts() -> None:
    world = World([installed(f"one:m{number}", free=False, local=False) for number in range(20)])
    exhausted = unasked(world)
    assert exhausted.message.count("one:m") == 5
    assert len(exhausted.facts.refused) == 20
