"""One handler for every client wire: read the body, ask the engine, write the answer."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import orjson
from aiohttp import web
from multidict import CIMultiDict

from wallascli.gateway.context import CONTEXT
from wallascli.gateway.policy import ID, policy_of, reply_headers, request_id_of
from wallascli.routing.reply import Reply
from wallascli.vocab.chat import Json
from wallascli.vocab.failures import NotUnderstood
from wallascli.wires.base import Inbound

# A picture over a slow line takes its time; a body of which the rest never comes would be held for ever (P8).
BODY_SECONDS = 120.0


async def json_body(request: web.Request) -> Json:
    """The body as an object, whatever its Content-Type says. Raises ``NotUnderstood``."""
    if (told := request.content_length or 0) > (most := request.client_max_size):
        raise web.HTTPRequestEntityTooLarge(most, told)  # before it is read: aiohttp would hold all of it first
    try:
        body = orjson.loads(await _body(request))
    except orjson.JSONDecodeError as exc:
        raise NotUnderstood(f"The body is not valid JSON: {exc}.") from exc
    except web.RequestPayloadError as exc:
        raise NotUnderstood("The body is not packed as its Content-Encoding says.") from exc
    if not isinstance(body, dict):
        raise NotUnderstood("The body must be a JSON object.")
    return body


async def _body(request: web.Request) -> bytes:
    if request.content.is_eof():  # all of it is here, as nearly always: no timer for that
        return await request.read()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def chat(request: web.Request, inbound: Inbound) -> web.StreamResponse:
    """``POST /v1/chat/completions`` and its kin on other wires."""
    engine = request.app[CONTEXT].engine
    request[ID] = request_id = request_id_of(request.headers)
    policy = policy_of(request.headers, request_id, paid_enabled=engine.setup.rules.allow_paid)
    asked = inbound.parse(await json_body(request))
    await engine.ready_for(asked, policy)
    async with engine.chat(asked, policy, inbound) as reply:
        await reply.open()
        headers = reply_headers(reply, request_id)
        if asked.stream:
            return await _streamed(request, reply, inbound, headers)
        return web.Response(body=reply.body(inbound), content_type="application/json", headers=headers)


async def _streamed(
    request: web.Request, reply: Reply, inbound: Inbound, headers: CIMultiDict[str]
) -> web.StreamResponse:
    headers["Content-Type"] = inbound.framing.value
    headers["Cache-Control"] = "no-cache"
    headers["X-Accel-Buffering"] = "no"  # nginx in front of us would collect the pieces
    response = web.StreamResponse(headers=headers)
    # A client that goes while we write: aiohttp would log it as our failure, with its trace.
    with suppress(ConnectionResetError):
        await response.prepare(request)
        async with aclosing(reply.stream()) as pieces:
            async for piece in pieces:
                await response.write(piece)
        await response.write_eof()
    return response
