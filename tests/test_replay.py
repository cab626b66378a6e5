"""The replay server says what the recording says, byte for byte, to a client that shares nothing with it."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.exchanges import Exchange, load, recorded
from tests.replay import OF_THE_CONNECTION, Replay

STREAM = load("pollinations/chat-stream-grok-legacy-pollinations-438f12.json")[0]
PLAIN = load("anthropic/messages-tools-req-llm-ecf494.json")[0]
CONVERSATION = load("openai/chat-tools-gpt-4o-raix-6b5bf6.json")


async def post(server: Replay, content: bytes = b"{}") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{server.url}/v1/chat/completions?a=b", content=content, headers={"X-Who": "me"})


@pytest.mark.parametrize("exchange", [STREAM, PLAIN], ids=str)
@pytest.mark.parametrize("size", [0, 1, 7], ids=["as recorded", "byte by byte", "in sevens"])
async def test_the_answer_is_the_recorded_one(exchange: Exchange, size: int) -> None:
    async with Replay(exchange, size=size) as server:
        answer = await post(server)
    assert (answer.status_code, answer.content) == (exchange.status, exchange.body)
    for name in exchange.headers.keys() - OF_THE_CONNECTION:
        assert answer.headers[name] == exchange.headers[name]


async def test_retry_after_and_rate_limits_come_along() -> None:
    async with Replay(PLAIN) as server:
        answer = await post(server)
    assert answer.headers["retry-after"] == PLAIN.headers["retry-after"]
    assert answer.headers["anthropic-ratelimit-tokens-reset"] == PLAIN.headers["anthropic-ratelimit-tokens-reset"]


async def test_a_stream_comes_in_the_chunks_of_the_recording() -> None:
    """Pollinations cut this one inside the JSON of an event."""
    assert len(STREAM.chunks) == 2
    async with Replay(STREAM, pause=0.02) as server:
        reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
        await reader.readuntil(b"\r\n\r\n")
        chunks = []
        while size := int(await reader.readline(), 16):
            chunks.append(await reader.readexactly(size))
            await reader.readline()
        writer.close()
    assert tuple(chunks) == STREAM.chunks


async def test_what_was_asked_is_kept() -> None:
    async with Replay(PLAIN) as server:
        await post(server, b'{"model": "m"}')
    (asked,) = server.requests
    assert (asked.method, asked.target, asked.json) == ("POST", "/v1/chat/completions?a=b", {"model": "m"})
    assert asked.headers["x-who"] == "me"


async def test_a_conversation_is_answered_in_turn_over_one_connection() -> None:
    first, second = CONVERSATION
    async with Replay(*CONVERSATION) as server, httpx.AsyncClient(trust_env=False) as client:
        answers = [(await client.post(server.url, json={"turn": turn})).content for turn in range(3)]
    assert answers == [first.body, second.body, second.body]
    assert [asked.json["turn"] for asked in server.requests] == [0, 1, 2]


async def test_a_client_that_hangs_up_harms_nobody() -> None:
    async with Replay(STREAM, size=1, pause=0.001) as server:
        async with httpx.AsyncClient(trust_env=False) as client, client.stream("POST", server.url) as answer:
            async for _ in answer.aiter_raw():
                break
        assert (await post(server)).content == STREAM.body


def test_every_recording_can_be_loaded() -> None:
    exchanges = [exchange for file in recorded() for exchange in load(file)]
    assert len(exchanges) >= 400
    assert all(exchange.body or exchange.status != 200 for exchange in exchanges)
