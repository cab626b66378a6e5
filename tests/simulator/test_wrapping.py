"""Odd wrappings, odd paces, odd connections: the same answer, hard to read."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib

import httpx
import pytest

from tests.simulator import asking
from tests.simulator.asking import question, raw, text_of, understood, written
from tests.simulator.meeting import Both, Wires, asked, met, unchunked
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)


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
