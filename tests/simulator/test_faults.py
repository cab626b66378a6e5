"""Every fault is met for real, by a client at the other end of a socket."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests import exchanges
from tests.simulator import asking
from tests.simulator.asking import WEATHER, WIRES, Bytes, question, raw, text_of, understood, written
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)

Both = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
Wires = pytest.mark.parametrize("wire", WIRES)


async def met(simulator: Simulator, wire: str, script: str, stream: bool, tools: list[Any] | None = None) -> Bytes:
    """What comes back over the socket for "hello" (9 pieces and more with `c9`)."""
    path, body = question(wire, "hello", "any", stream=stream, tools=tools or [])
    silent = "stall" in script or "stop" in script  # then the client gives up first
    came = await raw(
        simulator.port, written(path, body, X_Simulate=script, Connection="close"), 0.1 if silent else 5.0
    )
    assert await simulator.quiet()
    return came


async def asked(simulator: Simulator, wire: str, script: str, stream: bool = True) -> httpx.Response:
    path, body = question(wire, "hello", "any", stream=stream)
    async with asking.client() as client:
        return await client.post(simulator.url + path, json=body, headers={"x-simulate": script})


def unchunked(body: bytes) -> bytes:
    """The content of a chunked body as far as it came."""
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        if not size or int(size, 16) == 0:
            break
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole


def outcome(wire: str, answer: httpx.Response) -> str:
    try:
        return str(understood(wire, answer)["outcome"])
    except ValueError:
        return "no JSON"


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


STATUSES = [400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 498, 500, 502, 503, 504, 529]
SENTENCES = {
    "openai": lambda body: body["error"]["message"],
    "gemini": lambda body: body["error"]["message"],
    "anthropic": lambda body: body["error"]["message"],
    "ollama": lambda body: body["error"],
    "cohere": lambda body: body["message"],
}


@Wires
@pytest.mark.parametrize("status", STATUSES)
async def test_every_status_has_a_body_in_the_shape_of_the_wire(
    simulator: Simulator, wire: str, status: int
) -> None:
    for stream in (True, False):
        answer = await asked(simulator, wire, str(status), stream)
        assert answer.status_code == status
        assert len(SENTENCES[wire](answer.json())) > 5


async def test_reasons_have_the_status_and_words_of_their_provider(simulator: Simulator) -> None:
    told = {}
    for provider in ("groq", "mistral", "openrouter", "openai"):
        for reason in ("badkey", "nomodel", "toolong", "daily"):
            async with asking.client() as client:
                answer = await client.post(
                    f"{simulator.url}/{provider}/v1/chat/completions",
                    json=question("openai", "hi", f"sim-{reason}")[1],
                )
            told[provider, reason] = (answer.status_code, answer.json())
    assert told["groq", "badkey"][1]["error"]["code"] == "invalid_api_key"
    assert told["mistral", "badkey"] == (401, {"detail": "Unauthorized"})
    assert told["mistral", "nomodel"][0] == 400
    assert told["mistral", "nomodel"][1]["type"] == "invalid_model"
    assert told["openrouter", "nomodel"][1]["error"]["code"] == 400
    assert told["openai", "toolong"][1]["error"]["code"] == "context_length_exceeded"
    assert "per-day" in told["openrouter", "daily"][1]["error"]["message"]
    assert {status for (_, reason), (status, _) in told.items() if reason == "daily"} == {429}


async def test_gemini_says_why_in_its_details(simulator: Simulator) -> None:
    bad_key = await asked(simulator, "gemini", "badkey")
    assert bad_key.status_code == 400
    assert bad_key.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    spent = (await asked(simulator, "gemini", "daily-retrydelay17")).json()["error"]
    quota, retry = spent["details"]
    assert "PerDay" in quota["violations"][0]["quotaId"]
    assert retry["retryDelay"] == "17s"
    assert spent["status"] == "RESOURCE_EXHAUSTED"


async def test_hints_when_to_come_back(simulator: Simulator) -> None:
    assert (await asked(simulator, "openai", "429-retry3")).headers["retry-after"] == "3"
    date = parsedate_to_datetime((await asked(simulator, "openai", "429-retrydate100")).headers["retry-after"])
    assert 98 < date.timestamp() - time.time() < 101
    assert "try again in 4.5s" in (await asked(simulator, "openai", "429-tryagain4.5")).text
    assert "try again in 1m26.4s" in (await asked(simulator, "openai", "429-tryagain86.4")).text
    assert (await asked(simulator, "openai", "429-reset90")).headers["x-ratelimit-reset-requests"] == "1m30s"
    path, body = question("openai", "hi", "sim-429-reset60")
    async with asking.client() as client:
        answer = await client.post(simulator.url + path.replace("plain", "openrouter"), json=body)
    told = answer.json()["error"]["metadata"]["headers"]["X-RateLimit-Reset"]
    assert 59_000 < int(told) - time.time() * 1000 < 61_000
    assert answer.headers["x-ratelimit-reset"] == told


@Wires
async def test_an_error_inside_a_stream_and_inside_a_200(simulator: Simulator, wire: str) -> None:
    for stream in (True, False):
        answer = await asked(simulator, wire, "c9-error2-503", stream)
        assert answer.status_code == 200
        assert ("word2" in answer.text) == stream
        assert "word3" not in answer.text
        assert any(word in answer.text.lower() for word in ("overloaded", "server busy"))


@pytest.mark.parametrize("provider", ["groq", "openrouter"])
async def test_errors_in_a_stream_look_as_recorded(simulator: Simulator, provider: str) -> None:
    path, body = question("openai", "hi", "sim-502-error1", stream=True)
    async with asking.client() as client:
        answer = await client.post(simulator.url + path.replace("plain", provider), json=body)
    assert ("event: error\n" in answer.text) == (provider == "groq")
    assert answer.text.count("[DONE]") == 0
    if provider == "openrouter":
        last = json.loads(answer.text.strip().rpartition("data: ")[2])
        assert last["error"]["code"] == 502
        assert "choices" not in last


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


@Wires
@Both
async def test_gzip_good_cut_and_pretended(simulator: Simulator, wire: str, stream: bool) -> None:
    assert text_of(wire, await asked(simulator, wire, "gzip", stream)) == "echo: hello"
    came = await met(simulator, wire, "badgzip", stream)
    assert b"content-encoding: gzip" in came.head
    with pytest.raises(EOFError):
        gzip.decompress(came.rest)
    with pytest.raises(httpx.DecodingError):
        await asked(simulator, wire, "fakegzip", stream)


async def test_each_frame_of_a_packed_stream_can_be_read_at_once(simulator: Simulator) -> None:
    came = await met(simulator, "openai", "gzip-c5-stall2", stream=True)
    text = zlib.decompressobj(wbits=31).decompress(unchunked(came.rest)).decode()
    assert "word2" in text


@Wires
async def test_the_wrapping_may_be_odd_and_the_answer_whole(simulator: Simulator, wire: str) -> None:
    for script in ("bytewise", "crlf", "eof", "goodbye", "keepalive", "slowhead1", "badtype"):
        answer = await asked(simulator, wire, script)
        text = answer.text.replace("\r\n", "\n")
        assert answer.status_code == 200, script
        assert " hello" in text, script
    assert b"\r\n\r\n" in (await asked(simulator, "openai", "crlf")).content
    only_cr = (await asked(simulator, "openai", "cr")).content
    assert b"\r\r" in only_cr
    assert b"\n" not in only_cr


async def test_wrong_content_types(simulator: Simulator) -> None:
    assert (await asked(simulator, "openai", "badtype", True)).headers["content-type"].startswith("text/plain")
    assert (await asked(simulator, "openai", "badtype", False)).headers["content-type"] == "text/html"


async def test_a_body_without_length_or_chunks_ends_with_the_connection(simulator: Simulator) -> None:
    for stream in (True, False):
        came = await met(simulator, "openai", "eof", stream)
        assert came.end == "fin"
        assert b"chunked" not in came.head
        assert b"content-length" not in came.head
        assert b"hello" in came.rest
    assert simulator.log[-1].outcome == "complete"


async def test_endings_without_their_last_word(simulator: Simulator) -> None:
    assert "[DONE]" not in (await asked(simulator, "openai", "nodone")).text
    bare = (await asked(simulator, "openai", "nofinish")).text
    assert "[DONE]" in bare
    assert '"finish_reason":"stop"' not in bare
    for wire in ("gemini", "anthropic", "ollama", "cohere"):
        assert understood(wire, await asked(simulator, wire, "nofinish"))["outcome"] == "cut"


@Wires
async def test_comments_for_ever(simulator: Simulator, wire: str) -> None:
    path, body = question(wire, "hello", "sim-comments5", stream=True)
    started, lines = time.monotonic(), 0
    async with asking.client() as client, client.stream("POST", simulator.url + path, json=body) as answer:
        async for _ in answer.aiter_bytes():
            lines += 1
            if lines > 10:
                break
    assert time.monotonic() - started < 5


async def test_a_trickle_is_one_character_at_a_time(simulator: Simulator) -> None:
    started = time.monotonic()
    answer = await asked(simulator, "openai", "trickle10")
    assert time.monotonic() - started > 0.01 * len("echo: hello")
    assert answer.text.count('"content":"') == len("echo: hello") + 1


async def test_pace_and_waits_take_their_time(simulator: Simulator) -> None:
    for script, least in (("c5-d20", 0.1), ("wait100", 0.1), ("slow100ms", 0.1)):
        for stream in (True, False):
            started = time.monotonic()
            await asked(simulator, "openai", script, stream)
            assert time.monotonic() - started > least, (script, stream)


@Wires
async def test_a_huge_frame(simulator: Simulator, wire: str) -> None:
    answer = await asked(simulator, wire, "huge")
    assert len(text_of(wire, answer)) > 1024 * 1024


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_leads_elsewhere_and_the_log_tells_who_followed(simulator: Simulator, status: int) -> None:
    answer = await asked(simulator, "openai", str(status))
    assert answer.status_code == status
    assert answer.headers["location"].startswith(f"{simulator.url}/_elsewhere/")
    async with asking.client() as client:
        await client.get(answer.headers["location"])
    assert simulator.log[-1].path == "/_elsewhere/plain/v1/chat/completions"


async def test_a_closed_idle_connection_and_one_that_breaks_on_reuse(simulator: Simulator) -> None:
    path, body = question("openai", "hello", "any")
    closed = await raw(simulator.port, written(path, body, X_Simulate="onceclose"))
    assert closed.end == "fin"
    assert b"connection: close" not in closed.head
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    writer.write(written(path, body, X_Simulate="reusereset"))
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
    writer.write(written(path, body))
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    writer.close()


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


# recording -> provider, script: what we make of the same failure has every key that was recorded
RECORDED_ERRORS = {
    "openai/error-401-gpt-4o-mini-langsmith-sdk-eb1198": ("openai", "badkey"),
    "openai/error-404-nonexistent-pydantic-ai-a3163e": ("openai", "nomodel"),
    "openai/error-403-req-llm-3f88c6": ("openai", "403"),
    "groq/error-401-llama-3-3-70b-versatile-rig-f4d8e5": ("groq", "badkey"),
    "groq/error-404-non-existent-pydantic-ai-1fc480": ("groq", "nomodel"),
    "mistral/error-400-definitely-not-a-model-rig-66d54c": ("mistral", "nomodel"),
    "mistral/error-401-rig-42d3a0": ("mistral", "badkey"),
    "openrouter/error-429-req-llm-f19b8e": ("openrouter", "429-reset"),
    "openrouter/error-in-200-req-llm-17be31": ("openrouter", "502-error"),
    "openrouter/error-400-gpt-nonexistent-routed-model-rig-123a8c": ("openrouter", "nomodel"),
    "azure/error-429-grok-4-1-fast-non-reasoning-ruby-llm-c37d1c": ("azure", "429"),
    "gemini/error-400-gemini-2-5-flash-ruby-llm-26525e": ("gemini", "badkey"),
    "gemini/error-404-gemini-1-5-flash-crewai-ed23de": ("gemini", "nomodel"),
    "gemini/error-429-gemini-2-0-flash-crewai-45045f": ("gemini", "429"),
    "anthropic/error-401-claude-sonnet-4-6-rig-e290d1": ("anthropic", "badkey"),
    "anthropic/error-404-claude-nonexistent-rig-test-rig-15c1b0": ("anthropic", "nomodel"),
    "anthropic/error-400-claude-haiku-4-5-20251001-ruby-llm-458ff1": ("anthropic", "toolong"),
    "ollama/error-404-nonexistent-model-latest-openinference-d00724": ("ollama", "nomodel"),
    "cohere/error-400-command-a-03-2025-ruby-llm-f2ae27": ("cohere", "toolong"),
    "cohere/error-401-command-a-03-2025-ruby-llm-77c7fa": ("cohere", "badkey"),
}


def keys(value: object) -> set[str]:
    """Every key of every object in a JSON value, with the type of what stands there."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    own = {f"{name}: {type(inner).__name__}" for name, inner in value.items() if inner is not None}
    return own.union(*(keys(inner) for inner in value.values())) if value else own


@pytest.mark.parametrize("recording", RECORDED_ERRORS)
async def test_errors_have_status_and_keys_of_the_recorded_ones(recording: str, simulator: Simulator) -> None:
    provider, script = RECORDED_ERRORS[recording]
    wire = provider if provider in WIRES else "openai"
    path, body = question(wire, "hello", "sim")
    exchange = exchanges.load(f"{recording}.json")[-1]
    async with asking.client() as client:
        url = simulator.url + path.replace("plain", provider)
        answer = await client.post(url, json=body, headers={"x-simulate": script})
    assert answer.status_code == exchange.status
    assert keys(json.loads(exchange.body)) - keys(answer.json()) == set()
