"""What a bug of ours does to a request: told before the answer has begun, a visible cut afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
import pytest_asyncio
from aiohttp import web

from tests.gateway.odd import exchange
from wallascli.engine import Engine
from wallascli.gateway.app import guarded
from wallascli.gateway.context import CONTEXT, Context
from wallascli.gateway.door import Door

Ask = Callable[[str], Awaitable[bytes]]


async def early(request: web.Request) -> web.StreamResponse:
    raise ValueError("a secret detail")


async def late(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"data: half an answer\n\n")
    await asyncio.sleep(0)
    raise ValueError("a secret detail")


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    app = web.Application()
    app[CONTEXT] = Context(cast("Engine", None), Door())
    app.router.add_routes([web.get("/early", guarded(early)), web.get("/late", guarded(late))])
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    async def asked(path: str) -> bytes:
        return await exchange(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    yield asked
    assert app[CONTEXT].in_flight == 0
    await runner.cleanup()


async def test_a_bug_before_the_answer_is_a_500_and_a_trace_in_the_log(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask("/early")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"internal_error" in answer
    assert b"secret" not in answer
    assert "ValueError: a secret detail" in caplog.text


async def test_a_bug_in_mid_answer_is_a_cut_and_no_second_head(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    answer = await ask("/late")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"half an answer" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert "ValueError: a secret detail" in caplog.text
