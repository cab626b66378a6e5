"""An answer, whoever gives it: nothing is shown before there is content; until then a failure costs only time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest
import pytest_asyncio

from tests.routing.stage import Stage, chunk, speaker, stage, timed
from wallascli.routing.circuit import State
from wallascli.routing.reply import Reply
from wallascli.simulator import Simulator
from wallascli.vocab.chat import Tool
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.events import Event, Finished, UsageReported, fold
from wallascli.vocab.failures import Outcome, PlanExhausted

pytest_plugins = ("tests.simulation",)

TOOLS = (Tool("weather", "tells it", {"type": "object", "properties": {"city": {"type": "string"}}}),)
# Wrong in every way that shows before the first word.
DEAD = "500 503 429 badkey nomodel reset hangup garbage html garbagebody halfjson nobody finbody diebody".split()
GOOD = "c5"
FIVE = "word1 word2 word3 word4 word5"


@pytest_asyncio.fixture
async def on(simulator: Simulator) -> AsyncIterator[Stage]:
    async with stage(
        simulator, Deadlines(connect=2, first_byte=0.3, first_byte_last=5, idle=0.3, idle_last=5)
    ) as made:
        yield made


@pytest.mark.parametrize("script", [*DEAD, "c5-error0"])
@pytest.mark.parametrize("form", ["stream", "whole", "words"])
async def test_the_next_one_answers_and_the_client_sees_only_him(on: Stage, script: str, form: str) -> None:
    models = (f"a:sim-{script}", f"b:sim-{GOOD}")
    match form:
        case "stream":
            heard = await on.stream(*models)
            assert (heard.text, heard.finish, heard.ends_well, heard.error) == (FIVE, ["stop"], True, {})
            assert {frame["model"] for frame in heard.frames if frame != "[DONE]"} == {"sim-c5"}
        case "whole":
            assert (await on.whole(*models, words=False)).first.text == FIVE
        case _:
            assert fold(await on.events(*models)).first.text == FIVE
    assert on.heard[0] == models[0]
    assert on.heard[-1] == models[1]


async def test_who_answers_is_known_before_the_first_byte(on: Stage) -> None:
    async with on.reply("a:sim-503", "b:sim-c3", stream=True) as reply:
        await reply.open()
        assert reply.candidate.name == "b:sim-c3"
        assert (reply.tried, reply.plan.profile) == (2, "none")
        assert reply.reason == "named exactly"


async def test_nobody_is_asked_after_the_answer_has_come(on: Stage) -> None:
    await on.stream("a:sim-c3", "b:sim-c3", "c:sim-c3")
    assert [entry.provider for entry in on.log] == ["a"]


async def test_every_attempt_is_told_when_all_fail(on: Stage) -> None:
    exhausted = await on.failing("a:sim-500", "b:sim-503", "c:sim-reset", stream=True)
    assert exhausted.outcome is Outcome.ALL_FAILED
    assert [(a.provider, a.failure.kind.value) for a in exhausted.facts.attempts] == [
        ("a", "broken"),
        ("b", "overloaded"),
        ("c", "broken"),
    ]


async def test_what_broke_is_asked_once_more_before_the_next(simulator: Simulator) -> None:
    simulator.script("a", "500", "c3")
    async with stage(simulator, retries=1) as on:
        heard = await on.stream("a:x", "b:sim-c5")
    assert heard.text == "word1 word2 word3"
    assert on.heard == ["a:x", "broken", "a:x"]


async def test_a_half_call_is_never_shown_and_its_death_is_no_ones_loss(on: Stage) -> None:
    heard = await on.stream("a:sim-halfcall1", "b:sim-tools2", tools=TOOLS)
    assert [frame["model"] for frame in heard.frames[:1]] == ["sim-tools2"]
    assert heard.finish == ["tool_calls"]


async def test_a_stream_that_dies_after_its_first_words_ends_with_an_honest_error(on: Stage) -> None:
    heard = await on.stream("a:sim-c9-die4")
    assert heard.text == "word1 word2 word3 word4"
    assert heard.error["code"] == "stream_interrupted"
    assert heard.finish == []
    assert heard.ends_well


async def test_in_words_such_a_death_is_an_error_that_names_the_attempt(on: Stage) -> None:
    said: list[Event] = []
    with pytest.raises(PlanExhausted) as caught:
        await _into(said, on.reply("a:sim-c9-die4", stream=True, words=True))
    assert fold(said).first.text == "word1 word2 word3 word4"
    assert caught.value.outcome is Outcome.INTERRUPTED
    assert [attempt.provider for attempt in caught.value.facts.attempts] == ["a"]


async def _into(said: list[Event], asked: Reply) -> None:
    async with asked as reply:
        await reply.open()
        async with aclosing(reply.events()) as events:
            async for event in events:
                said.append(event)


@pytest.mark.parametrize("models", [("a:x",), ("a:x", "b:x")])
async def test_many_at_once_each_ask_somebody_even_when_the_first_failures_open_every_circuit(
    on: Stage, models: tuple[str, ...]
) -> None:
    on.simulator.script("*", "wait20-503")
    for _ in range(2):
        told = await asyncio.gather(*(on.failing(*models) for _ in range(20)))
        assert {exhausted.outcome for exhausted in told} == {Outcome.ALL_FAILED}
        assert {len(exhausted.facts.attempts) for exhausted in told} == {len(models)}


# -- other wires


@pytest.mark.parametrize("wire", ["anthropic", "gemini", "ollama", "cohere"])
async def test_who_speaks_another_wire_answers_in_the_clients(on: Stage, wire: str) -> None:
    heard = await on.stream("a:sim-500", f"{wire}:sim-c5")
    assert (heard.text, heard.finish, heard.ends_well) == (FIVE, ["stop"], True)
    assert len({frame["id"] for frame in heard.frames if frame != "[DONE]"}) == 1
    assert (await on.whole(f"{wire}:sim-c5", words=False)).first.text == FIVE


@pytest.mark.parametrize("wire", ["a", "anthropic", "gemini", "ollama", "cohere"])
async def test_calls_come_whole_from_every_wire(on: Stage, wire: str) -> None:
    heard = fold(await on.events(f"{wire}:sim-tools2", tools=TOOLS))
    assert len(heard.first.tool_calls) == 2
    assert all(call.arguments.startswith("{") and call.arguments.endswith("}") for call in heard.first.tool_calls)


# -- empty answers


@pytest.mark.parametrize("form", ["stream", "whole"])
async def test_an_empty_answer_is_passed_over_for_one_with_words(on: Stage, form: str) -> None:
    if form == "stream":
        assert (await on.stream("a:sim-blank", "b:sim-c5")).text == FIVE
    else:
        assert (await on.whole("a:sim-blank", "b:sim-c5")).first.text == FIVE
    assert on.heard == ["a:sim-blank", "empty", "b:sim-c5"]


async def test_when_all_are_empty_the_empty_answer_is_the_answer(on: Stage) -> None:
    heard = await on.stream("a:sim-blank", "b:sim-blank")
    assert (heard.text, heard.finish, heard.ends_well, heard.error) == ("", ["stop"], True, {})
    assert heard.reply.candidate.name == "a:sim-blank"
    assert (await on.whole("a:sim-blank", "b:sim-blank")).first.text == ""
    assert (await on.whole("a:sim-blank", words=False)).first.finish is not None
    events = await on.events("a:sim-blank", "b:sim-blank")
    assert [event.reason.value for event in events if isinstance(event, Finished)] == ["stop"]


async def test_an_empty_answer_among_other_failures_is_not_an_answer(on: Stage) -> None:
    exhausted = await on.failing("a:sim-blank", "b:sim-503", stream=True)
    assert exhausted.outcome is Outcome.ALL_FAILED


@pytest.mark.parametrize("finish", ["length", "filter"])
@pytest.mark.parametrize("form", ["stream", "whole"])
async def test_no_words_for_want_of_room_or_for_a_filter_is_an_answer(on: Stage, finish: str, form: str) -> None:
    if form == "stream":
        heard = await on.stream(f"a:sim-blank-{finish}", "b:sim-c5")
        assert heard.finish == [{"length": "length", "filter": "content_filter"}[finish]]
    else:
        assert (await on.whole(f"a:sim-blank-{finish}", "b:sim-c5")).first.text == ""
    assert [entry.provider for entry in on.log] == ["a"]


# -- ends


@pytest.mark.parametrize(
    "script", ["c3-nodone", "c3-eof", "c3-goodbye", "c3-bytewise", "c3-crlf", "c3-gzip", "c3-keepalive"]
)
async def test_an_answer_with_an_end_of_its_own_is_complete_however_it_is_wrapped(on: Stage, script: str) -> None:
    heard = await on.stream(f"a:sim-{script}", "b:sim-c5")
    assert (heard.text, heard.finish, heard.ends_well) == ("word1 word2 word3", ["stop"], True)


@pytest.mark.parametrize("form", ["stream", "whole", "words"])
@pytest.mark.parametrize(
    "ends", [(chunk(finish="stop"),), (chunk(finish="stop"), b"data: [DONE]\n\n"), (b"data: [DONE]\n\n",)]
)
async def test_behind_the_end_nobody_waits_for_long(
    simulator: Simulator, form: str, ends: tuple[bytes, ...]
) -> None:
    """The connection stays open and silent: what is missing is only the end of the body."""
    async with (
        speaker(chunk("all "), chunk("of it"), *ends) as address,
        stage(simulator, Deadlines(first_byte=30, idle=30, idle_last=30), addresses={"a": address}) as on,
    ):
        began = time.monotonic()
        match form:
            case "stream":
                heard = await on.stream("a:x", "b:sim-c5")
                assert (heard.text, heard.ends_well, heard.error) == ("all of it", True, {})
            case "whole":
                assert (await on.whole("a:x", "b:sim-c5")).first.text == "all of it"
            case _:
                assert fold(await on.events("a:x", "b:sim-c5")).first.text == "all of it"
        assert time.monotonic() - began < 3.5


async def test_text_behind_a_reason_is_waited_for_and_kept(simulator: Simulator) -> None:
    pieces = (
        chunk("before "),
        chunk(finish="stop"),
        chunk("after"),
        chunk(" all"),
        chunk(finish="stop"),
        b"data: [DONE]\n\n",
    )
    async with speaker(*pieces, pause=0.3) as address, stage(simulator, addresses={"a": address}) as on:
        assert (await on.stream("a:x", "b:sim-c5")).text == "before after all"
        assert (await on.whole("a:x", "b:sim-c5")).first.text == "before after all"


async def test_comments_for_ever_behind_the_reason_do_not_hold_the_client(simulator: Simulator) -> None:
    pieces = (chunk("all"), chunk(finish="stop"), *[b": still here\n\n"] * 40)
    async with speaker(*pieces, pause=0.2) as address, stage(simulator, addresses={"a": address}) as on:
        heard, seconds = await timed(on.stream("a:x"))
        assert (heard.text, heard.ends_well) == ("all", True)
        assert seconds < 4


async def test_usage_behind_the_reason_is_still_read(on: Stage) -> None:
    kinds = [type(event) for event in await on.events("a:sim-c3", include_usage=True)]
    assert UsageReported in kinds[kinds.index(Finished) :]
    assert (await on.whole("a:sim-c3", "b:sim-c3")).usage is not None


async def test_several_answers_to_one_question_come_through_and_each_needs_its_end(on: Stage) -> None:
    heard = await on.stream("a:sim-c3", n=2)
    assert heard.ends_well


# -- connections


@pytest.mark.parametrize("form", ["stream", "whole"])
@pytest.mark.parametrize("script", ["c3", "c3-nodone", "500", "429", "blank", "tools1"])
async def test_a_connection_whose_body_was_read_is_used_again(on: Stage, form: str, script: str) -> None:
    simulator = on.simulator
    simulator.script("a", script, "c5", "c5")
    for _ in range(3):
        if form == "stream":
            await on.stream("a:x", "b:sim-c5", tools=TOOLS)
        else:
            await on.whole("a:x", "b:sim-c5", tools=TOOLS)
        on.health.merge(type(on.health.take())(circuits=(), averages=()))
    used = {entry.connection for entry in on.log}
    assert len(used) == 1


async def test_a_connection_that_was_closed_while_it_lay_idle_costs_nobody_a_failure(on: Stage) -> None:
    on.simulator.script("a", "c3-onceclose", "c3")
    await on.stream("a:x")
    assert (await on.stream("a:x")).text == "word1 word2 word3"
    assert on.heard == ["a:x", "a:x"]


async def test_a_reset_of_a_reused_connection_before_any_byte_is_repeated_on_a_fresh_one(on: Stage) -> None:
    on.simulator.script("a", "c3-reusereset")
    await on.stream("a:x")
    assert (await on.stream("a:x")).text == "word1 word2 word3"
    assert on.heard == ["a:x", "a:x"]


# -- leaving


@pytest.mark.parametrize("script", ["stall", "slow5", "c1-stallbody", "stallbody"])
async def test_who_leaves_while_waiting_stops_the_provider_at_once(on: Stage, script: str) -> None:
    async def ask() -> None:
        await on.stream(f"a:sim-{script}")

    task = asyncio.create_task(ask())
    await _until(lambda: bool(on.log))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await on.simulator.quiet(within=0.5)
    assert on.log[0].outcome == "client_gone"
    assert on.heard == [f"a:sim-{script}"]


async def test_who_leaves_in_the_middle_of_a_stream_stops_the_provider_at_once(on: Stage) -> None:
    async with on.reply("a:sim-c200-d20", stream=True) as reply:
        await reply.open()
        async with aclosing(reply.stream()) as pieces:
            async for _ in pieces:
                break
    assert await on.simulator.quiet(within=0.5)
    assert on.log[0].outcome == "client_gone"
    assert on.log[0].pieces < 20


async def test_who_leaves_has_measured_nothing_and_blamed_nobody(on: Stage) -> None:
    async with on.reply("a:sim-c200-d20", stream=True) as reply:
        await reply.open()
    assert on.health.verdict("a", "sim-c200-d20", ["x"], on.witness._wall()).may_ask
    measured = on.health.measured("a", "sim-c200-d20", on.witness._wall())
    assert measured is None or measured.success_rate is None


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.05, 0.2])
async def test_whenever_somebody_leaves_the_try_of_a_recovering_candidate_is_given_back(
    simulator: Simulator, moment: float
) -> None:
    """The stage itself looks for leases, tasks and timers left behind."""
    async with stage(simulator, Deadlines(first_byte=0.1, first_byte_last=0.1)) as on:
        now = on.witness._wall()
        failure = (await on.failing("a:sim-503")).facts.attempts[0].failure
        on.health.failed("a", "x", on.places["a"].keys[0].fingerprint, failure, now - 30)
        simulator.script("a", "slow5")
        assert on.health.verdict("a", "x", [on.places["a"].keys[0].fingerprint], now).state is State.HALF_OPEN
        task = asyncio.create_task(on.stream("a:x", "b:sim-slow1"))
        await asyncio.sleep(moment)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, PlanExhausted)):
            await task


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came")
