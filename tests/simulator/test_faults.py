"""Connections that break and answers that stop: each met for real, by a client at the other end of a socket."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.simulator import asking
from tests.simulator.asking import WEATHER, question, understood
from tests.simulator.meeting import Both, Wires, asked, met, outcome, unchunked
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)


@Wires
@Both
@pytest.mark.parametrize(
    ("script", "end", "begins"),
    [
        ("reset", "reset", b""),
        ("hangup", "fin", b""),
        ("garbage", "fin", b"\x00\x01\xfe"),
        ("stall", "silence", b""),
    ],
)
async def test_no_http_answer_at_all(
    simulator: Simulator, wire: str, stream: bool, script: str, end: str, begins: bytes
) -> None:
    came = await met(simulator, wire, script, stream)
    assert came.end == end
    assert came.got[:3] == begins


@Wires
@Both
@pytest.mark.parametrize(("script", "end"), [("stallbody", "silence"), ("diebody", "reset"), ("finbody", "fin")])
async def test_headers_and_then_nothing(
    simulator: Simulator, wire: str, stream: bool, script: str, end: str
) -> None:
    came = await met(simulator, wire, script, stream)
    assert came.head.startswith(b"HTTP/1.1 200 OK")
    assert (came.end, came.rest) == (end, b"")


@Wires
@pytest.mark.parametrize(("script", "end"), [("die", "reset"), ("fin", "fin"), ("stall", "silence")])
@pytest.mark.parametrize("at", [0, 1, 5])
async def test_a_stream_dies_after_exactly_so_many_pieces(
    simulator: Simulator, wire: str, script: str, end: str, at: int
) -> None:
    came = await met(simulator, wire, f"c9-{script}{at}", stream=True)
    text = unchunked(came.rest).decode()
    assert came.end == end
    assert [f"word{n}" in text for n in range(1, 10)] == [n <= at for n in range(1, 10)]
    assert not came.got.endswith(b"0\r\n\r\n")
    assert simulator.log[-1].pieces == at
    assert simulator.log[-1].outcome == ("client_gone" if end == "silence" else "killed")


@Wires
@pytest.mark.parametrize(("script", "end"), [("die4", "reset"), ("fin4", "fin"), ("stall4", "silence")])
async def test_a_whole_answer_dies_in_the_middle_too(
    simulator: Simulator, wire: str, script: str, end: str
) -> None:
    came = await met(simulator, wire, f"c9-{script}", stream=False)
    length = int(came.head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert came.end == end
    assert 0 < len(came.rest) < length


@Wires
async def test_a_death_later_than_the_last_piece_comes_before_the_finish(simulator: Simulator, wire: str) -> None:
    came = await met(simulator, wire, "c3-die50", stream=True)
    assert came.end == "reset"
    assert "word3" in (text := unchunked(came.rest).decode())
    for word in ('finish_reason":"stop', "finishReason", "message_delta", '"done":true', "message-end"):
        assert word not in text


@Wires
async def test_a_cut_stream_ends_cleanly_without_a_finish(simulator: Simulator, wire: str) -> None:
    answer = await asked(simulator, wire, "c9-cut4")
    row = understood(wire, answer)
    assert row["outcome"] == "cut"
    assert row["choices"][0]["text"] == "word1 word2 word3 word4"
    assert simulator.log[-1].outcome == "complete"


@Wires
async def test_a_cut_whole_answer_is_half_json(simulator: Simulator, wire: str) -> None:
    answer = await asked(simulator, wire, "c9-cut4", stream=False)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@Wires
@Both
async def test_bodies_that_are_none(simulator: Simulator, wire: str, stream: bool) -> None:
    assert (await asked(simulator, wire, "nobody", stream)).content == b""
    assert (await asked(simulator, wire, "html", stream)).text.startswith("<!DOCTYPE html>")
    assert (await asked(simulator, wire, "502-html", stream)).status_code == 502
    for script in ("garbagebody", "halfjson"):
        answer = await asked(simulator, wire, script, stream)
        assert answer.status_code == 200
        assert outcome(wire, answer) != "complete"


@Wires
@Both
async def test_answers_without_content(simulator: Simulator, wire: str, stream: bool) -> None:
    blank = understood(wire, await asked(simulator, wire, "blank", stream))
    assert (blank["outcome"], blank["choices"][0]["text"], blank["choices"][0]["calls"]) == ("complete", "", [])
    cut = understood(wire, await asked(simulator, wire, "blank-length", stream))
    assert (cut["choices"][0]["finish"], cut["choices"][0]["text"]) == ("length", "")
    nothing = understood(wire, await asked(simulator, wire, "nochoices", stream))
    assert "".join(choice["text"] for choice in nothing["choices"]) == ""


async def test_a_blocked_prompt_has_no_candidates(simulator: Simulator) -> None:
    for stream in (True, False):
        answer = await asked(simulator, "gemini", "blocked", stream)
        assert "blockReason" in answer.text
        assert "candidates" not in answer.text


@Wires
async def test_a_bad_frame_in_the_middle(simulator: Simulator, wire: str) -> None:
    goes_on = unchunked((await met(simulator, wire, "c5-badframe2", stream=True)).rest).decode()
    assert [f"word{n}" in goes_on for n in (1, 2, 4, 5)] == [True] * 4
    assert outcome(wire, await asked(simulator, wire, "c5-badframe2")) == "no JSON"
    stops = await met(simulator, wire, "c5-badstop2", stream=True)
    assert stops.end == "silence"
    assert b"word2" in stops.rest
    assert b"word4" not in stops.rest


@Wires
@Both
async def test_text_that_is_no_utf8(simulator: Simulator, wire: str, stream: bool) -> None:
    answer = await asked(simulator, wire, "c5-badtext2", stream)
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()


@Wires
@Both
async def test_chunked_coding_that_breaks(simulator: Simulator, wire: str, stream: bool) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await asked(simulator, wire, "c9-badchunk3", stream)


@Wires
async def test_a_half_call(simulator: Simulator, wire: str) -> None:
    came = await met(simulator, wire, "halfcall", stream=True, tools=[WEATHER])
    text = unchunked(came.rest).decode()
    assert came.end == "reset"
    assert "get_weather" in text
    assert not text.endswith("\n")
    second = await met(simulator, wire, "halfcall2", stream=True, tools=[WEATHER])
    assert unchunked(second.rest).decode().count('"get_weather"') == 2
    assert (await met(simulator, wire, "halfcall", stream=False, tools=[WEATHER])).end == "reset"


async def test_only_each_nth_request_is_bad(simulator: Simulator) -> None:
    simulator.script("plain", "500-every3")
    path, body = question("openai", "hello", "any")
    async with asking.client() as client:
        statuses = [(await client.post(simulator.url + path, json=body)).status_code for _ in range(6)]
    assert statuses == [200, 200, 500, 200, 200, 500]


async def test_a_port_that_refuses_and_one_that_never_answers(simulator: Simulator) -> None:
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", simulator.ports.refused())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection("127.0.0.1", simulator.ports.silent()), 0.3)


async def test_a_provider_goes_down_and_comes_back_on_the_same_port(simulator: Simulator) -> None:
    await simulator.pause()
    with pytest.raises(httpx.ConnectError):
        await asked(simulator, "openai", "ok")
    await simulator.start()
    assert (await asked(simulator, "openai", "ok")).status_code == 200
