"""A body of which the rest never comes is not waited for without end; odd paths come through the same door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
import pytest_asyncio
from aiohttp import web

from tests.gateway.odd import exchange
from wallascli.engine import Engine
from wallascli.gateway import chat
from wallascli.gateway.app import ROUTES, guarded
from wallascli.gateway.context import CONTEXT, Context
from wallascli.gateway.door import Door

Ask = Callable[[bytes], Awaitable[bytes]]
HEAD = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


async def echo(request: web.Request) -> web.StreamResponse:
    return web.json_response(await chat.json_body(request))


@pytest_asyncio.fixture
async def ask(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ask]:
    monkeypatch.setattr(chat, "BODY_SECONDS", 0.2)
    app = web.Application()
    app[CONTEXT] = Context(cast("Engine", None), Door())
    app.router.add_routes([web.post("/echo", guarded(echo)), *ROUTES])
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    async def asked(content: bytes) -> bytes:
        return await exchange(port, content)

    yield asked
    assert app[CONTEXT].in_flight == 0
    await runner.cleanup()


async def test_the_rest_of_a_body_is_waited_for_only_so_long(ask: Ask) -> None:
    answer = await ask(HEAD % 100 + b'{"a":')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"request_timeout"' in answer


async def test_a_whole_body_is_read(ask: Ask) -> None:
    assert b'{"a": 1}' in await ask(HEAD % 7 + b'{"a":1}')


@pytest.mark.parametrize("path", [b"/v1/models%0d%0aX-Evil:%201", b"/%0a", b"/v1/nowhere%0d"])
async def test_a_path_with_line_ends_is_refused_at_the_door_like_any_other(ask: Ask, path: bytes) -> None:
    strange = await ask(b"GET " + path + b" HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert b"host_not_allowed" in strange
    lost = await ask(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert lost.startswith(b"HTTP/1.1 404 ")
    assert b'"not_found"' in lost
    assert b"X-Evil" not in lost
