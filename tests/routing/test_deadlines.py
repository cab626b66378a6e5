"""Each deadline binds what its name says, and its error says its name (P8)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from tests.routing.stage import Stage, chunk, speaker, stage, timed
from wallascli.routing import asking
from wallascli.simulator import Simulator
from wallascli.vocab.chat import Tool
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import FailureClass, Outcome, PlanExhausted
from wallascli.vocab.policy import Policy

pytest_plugins = ("tests.simulation",)

LONG = Deadlines(connect=20, first_byte=20, first_byte_last=20, idle=20, idle_last=20, total=20)
SHORT = 0.15
GOOD = "b:sim-c3"
WORDS = "word1 word2 word3"
TOOLS = (Tool("weather", "tells it", {"type": "object", "properties": {"city": {"type": "string"}}}),)


def but(**short: float) -> Deadlines:
    """All deadlines are long but these."""
    return replace(LONG, **short)


async def why_not(on: Stage, *models: str, **options: object) -> str:
    """What the first one asked is said to have done wrong."""
    exhausted, seconds = await timed(on.failing(*models, **options))
    assert seconds < 5
    return str(exhausted.facts.attempts[0].failure.message)


# -- connect


async def test_connect_bounds_the_handshake(simulator: Simulator) -> None:
    address = f"http://127.0.0.1:{simulator.ports.silent()}"
    async with stage(simulator, but(connect=SHORT), addresses={"a": address}) as on:
        exhausted, seconds = await timed(on.failing("a:x", stream=True))
        heard = await on.stream("a:x", GOOD)
    failure = exhausted.facts.attempts[0].failure
    assert (failure.kind, failure.message) == (FailureClass.UNREACHABLE, "no connection within 0.15 s (connect)")
    assert seconds < 1
    assert heard.text == WORDS


async def test_connect_does_not_bound_what_comes_after_it(simulator: Simulator) -> None:
    async with stage(simulator, but(connect=0.1)) as on:
        assert (await on.stream("a:sim-c3-slow0.3")).text == WORDS


# -- first_byte


@pytest.mark.parametrize(
    "script", ["stall", "stallbody", "slow9", "c3-stall0", "c3-slow9-comments20", "c3-slowhead200"]
)
@pytest.mark.parametrize("form", ["stream", "whole"])
async def test_first_byte_bounds_the_wait_for_a_piece_of_the_answer_and_nothing_else_is_one(
    simulator: Simulator, script: str, form: str
) -> None:
    """Neither a connection, nor headers, nor a lone role, nor comments."""
    async with stage(simulator, but(first_byte=SHORT)) as on:
        if form == "stream":
            assert (await on.stream(f"a:sim-{script}", GOOD)).text == WORDS
        else:
            assert (await on.whole(f"a:sim-{script}", GOOD)).first.text == WORDS
        assert on.heard == [f"a:sim-{script}", "slow", GOOD]


async def test_first_byte_says_its_name(simulator: Simulator) -> None:
    async with stage(simulator, but(first_byte=SHORT)) as on:
        message = await why_not(on, "a:sim-stall", "b:sim-503", stream=True)
    assert message == "no piece of an answer within 0.15 s (first_byte)"


async def test_the_last_candidate_has_its_own_patience(simulator: Simulator) -> None:
    async with stage(simulator, but(first_byte_last=SHORT)) as on:
        message = await why_not(on, "a:sim-stall", stream=True)
        assert message == "no piece of an answer within 0.15 s (first_byte_last)"
    async with stage(simulator, but(first_byte=SHORT)) as on:
        assert (await on.stream("a:sim-c3-slow0.4")).text == WORDS


async def test_candidates_that_are_asleep_do_not_make_anybody_the_last_but_one(simulator: Simulator) -> None:
    async with stage(simulator, but(first_byte=SHORT)) as on:
        await on.failing("b:sim-503")
        plan = on.plan(on.reply("a:sim-c3-slow0.4", "b:sim-503").request, Policy())
        assert [one.last_resort for one in plan.candidates] == [False, True]
        assert (await on.stream("a:sim-c3-slow0.4", "b:sim-503")).text == WORDS


async def test_a_plain_answer_that_nobody_could_stream_is_bound_by_the_whole_alone(simulator: Simulator) -> None:
    async with stage(simulator, but(first_byte=0.1, first_byte_last=0.1, idle_last=0.1)) as on:
        assert (await on.whole("a:sim-c3-slow0.4")).first.text == WORDS
        assert [entry.stream for entry in on.log] == [False]


async def test_while_others_are_left_a_plain_answer_is_asked_for_as_a_stream(simulator: Simulator) -> None:
    async with stage(simulator, LONG) as on:
        await on.whole("a:sim-503", GOOD)
        assert [entry.stream for entry in on.log] == [True, False]


# -- parts of calls are signs of life


async def test_a_call_that_grows_slowly_is_not_silence(simulator: Simulator) -> None:
    head = chunk(
        tool_calls=[{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]
    )
    parts = [chunk(tool_calls=[{"index": 0, "function": {"arguments": part}}]) for part in ('{"a"', ":", "1", "}")]
    pieces = (head, *parts, chunk(finish="tool_calls"), b"data: [DONE]\n\n")
    bounds = but(first_byte=0.3, idle=0.3)
    async with speaker(*pieces, pause=0.12) as address, stage(simulator, bounds, addresses={"a": address}) as on:
        heard = await on.stream("a:x", GOOD, tools=TOOLS)
        assert heard.finish == ["tool_calls"]
        whole = await on.whole("a:x", GOOD, tools=TOOLS)
        assert whole.first.tool_calls[0].arguments == '{"a":1}'
    assert on.heard == ["a:x", "a:x"]


async def test_a_call_that_stops_growing_is(simulator: Simulator) -> None:
    head = chunk(
        tool_calls=[{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": '{"'}}]
    )
    async with (
        speaker(head) as address,
        stage(simulator, but(idle=SHORT), addresses={"a": address}) as on,
    ):
        heard = await on.stream("a:x", GOOD, tools=TOOLS)
        assert heard.text == WORDS
        message = await why_not(on, "a:x", "b:sim-503", stream=True, tools=TOOLS)
    assert message == "the answer stalled for 0.15 s (idle)"


# -- idle


async def test_idle_bounds_the_silence_between_two_pieces_while_nothing_was_shown(simulator: Simulator) -> None:
    async with stage(simulator, but(idle=SHORT)) as on:
        assert (await on.whole("a:sim-c9-stall2", GOOD)).first.text == WORDS
        message = await why_not(on, "a:sim-c9-stall2", "b:sim-503")
    assert message == "the answer stalled for 0.15 s (idle)"


async def test_comments_are_no_pieces(simulator: Simulator) -> None:
    pieces = (chunk("a"), *[b": still here\n\n"] * 40)
    async with (
        speaker(*pieces, pause=0.05) as address,
        stage(simulator, but(idle=SHORT, idle_last=SHORT), addresses={"a": address}) as on,
    ):
        assert (await on.whole("a:x", GOOD)).first.text == WORDS
        heard, seconds = await timed(on.stream("a:x"))
    assert "(idle_last)" in heard.error["message"]
    assert seconds < 1


@pytest.mark.parametrize("words", [False, True])
async def test_idle_last_bounds_it_once_something_was_shown(simulator: Simulator, words: bool) -> None:
    async with stage(simulator, but(idle_last=SHORT)) as on:
        if words:
            with pytest.raises(PlanExhausted) as caught:
                await on.events("a:sim-c9-stall2")
            message = caught.value.message
        else:
            heard = await on.stream("a:sim-c9-stall2")
            assert (heard.text, heard.ends_well) == ("word1 word2", True)
            message = heard.error["message"]
    assert "the answer stalled for 0.15 s (idle_last)" in message


async def test_a_slow_client_is_not_a_slow_provider(simulator: Simulator) -> None:
    async with stage(simulator, but(idle_last=SHORT)) as on, on.reply("a:sim-c3-d20", stream=True) as reply:
        await reply.open()
        pieces = []
        async for piece in reply.stream():
            pieces.append(piece)
            await asyncio.sleep(0.3)
    assert b"".join(pieces).endswith(b"[DONE]\n\n")
    assert b"error" not in b"".join(pieces)


# -- pace


async def test_pace_gives_up_a_whole_answer_that_only_drips(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_PACE_WINDOW", 0.3)
    async with stage(simulator, but(pace=100.0)) as on:
        assert (await on.whole("a:sim-c200-d50", GOOD)).first.text == WORDS
        message = await why_not(on, "a:sim-c200-d50", "b:sim-503")
    assert message.startswith("only ")
    assert message.endswith("(pace)")


async def test_pace_does_not_count_the_wait_before_the_first_piece(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_PACE_WINDOW", 0.3)
    async with stage(simulator, but(pace=50.0)) as on:
        text = (await on.whole("a:sim-c40-d8-slow0.4", GOOD)).first.text
    assert text.endswith("word40")


async def test_pace_does_not_bind_the_last_candidate(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_PACE_WINDOW", 0.1)
    async with stage(simulator, but(pace=1_000.0)) as on:
        assert (await on.whole("a:sim-503", "b:sim-c20-d20")).first.text.endswith("word20")


# -- total, and the caller's own


@pytest.mark.parametrize("stream", [False, True])
async def test_total_bounds_everything_until_the_first_content(simulator: Simulator, stream: bool) -> None:
    async with stage(simulator, but(total=0.3)) as on:
        exhausted, seconds = await timed(on.failing("a:sim-stall", "b:sim-stall", stream=stream))
    assert exhausted.outcome is Outcome.DEADLINE
    assert exhausted.facts.attempts[-1].failure.message == "no answer within 0.3 s (total)"
    assert 0.25 < seconds < 1


async def test_total_ends_at_the_first_content(simulator: Simulator) -> None:
    async with stage(simulator, but(total=0.3)) as on:
        heard, seconds = await timed(on.stream("a:sim-c30-d20"))
    assert heard.text.endswith("word30")
    assert seconds > 0.4


async def test_a_stall_after_total_is_a_stall_and_blamed_as_one(simulator: Simulator) -> None:
    async with stage(simulator, but(total=0.2, idle_last=0.3)) as on:
        heard = await on.stream("a:sim-c9-d20-stall8")
        assert "(idle_last)" in heard.error["message"]
        measured = on.health.measured("a", "sim-c9-d20-stall8", time.time())
    assert measured is not None
    assert measured.success_rate == 0.0


@pytest.mark.parametrize("stream", [False, True])
async def test_the_callers_deadline_binds_before_the_first_content(simulator: Simulator, stream: bool) -> None:
    async with stage(simulator, LONG) as on:
        exhausted, seconds = await timed(
            on.failing("a:sim-stall", GOOD, stream=stream, policy=Policy(deadline=0.2))
        )
    assert exhausted.outcome is Outcome.DEADLINE
    assert exhausted.facts.attempts[-1].failure.message == "the deadline of 0.2 s is over (X-Wallas-Deadline)"
    assert 0.15 < seconds < 1


async def test_the_callers_deadline_binds_after_it_too(simulator: Simulator) -> None:
    async with stage(simulator, LONG) as on:
        heard, seconds = await timed(on.stream("a:sim-c200-d20", policy=Policy(deadline=0.3)))
    assert "X-Wallas-Deadline" in heard.error["message"]
    assert heard.text.startswith("word1 word2")
    assert 0.2 < seconds < 1


async def test_a_callers_haste_is_nobodys_fault(simulator: Simulator) -> None:
    """Three callers in a hurry would close a good candidate to everybody else (P6)."""
    async with stage(simulator, LONG) as on:
        for _ in range(4):
            await on.failing("a:sim-c3-slow0.5", stream=True, policy=Policy(deadline=0.05))
        assert on.health.verdict("a", "sim-c3-slow0.5", ["k"], time.time()).may_ask
        assert (await on.stream("a:sim-c3-slow0.5")).text == WORDS


async def test_a_candidate_that_used_up_its_own_time_is_slow_even_if_the_callers_ends_then_too(
    simulator: Simulator,
) -> None:
    async with stage(simulator, but(first_byte=0.1)) as on:
        for _ in range(3):
            await on.failing("a:sim-stall", "b:sim-stall", stream=True, policy=Policy(deadline=0.15))
        assert not on.health.verdict("a", "sim-stall", ["k"], time.time()).may_ask


# -- waiting for a limit to end


async def test_a_short_limit_is_waited_out_and_the_answer_comes(simulator: Simulator) -> None:
    simulator.script("a", "429-retry1", "c3")
    async with stage(simulator, LONG) as on:
        heard, seconds = await timed(on.stream("a:x"))
    assert heard.text == WORDS
    assert 0.9 < seconds < 3
    assert on.heard == ["a:x", "rate_limited", "a:x"]


async def test_nobody_waits_longer_than_the_caller_does(simulator: Simulator) -> None:
    simulator.script("a", "429-retry2")
    async with stage(simulator, LONG) as on:
        heard, seconds = await timed(on.stream("a:x", GOOD, policy=Policy(deadline=0.5)))
        assert (heard.text, seconds < 0.4) == (WORDS, True)
        exhausted, seconds = await timed(on.failing("a:x", policy=Policy(deadline=0.5)))
    assert exhausted.outcome is Outcome.OUT_OF_QUOTA
    assert seconds < 0.4


async def test_a_limit_known_from_before_is_waited_out_when_nobody_else_is_left(simulator: Simulator) -> None:
    simulator.script("a", "429-retry2", "c3")
    async with stage(simulator, LONG) as on:
        await on.failing("a:x", policy=Policy(deadline=0.1))
        heard, seconds = await timed(on.stream("a:x"))
    assert heard.text == WORDS
    assert 0.5 < seconds < 3
