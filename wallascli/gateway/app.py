"""The application: the table of routes, and a guard around each."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from wallascli.gateway import inspect
from wallascli.gateway.chat import chat
from wallascli.gateway.context import CONTEXT, Context
from wallascli.gateway.errors import answer, describe
from wallascli.vocab.failures import WallasError
from wallascli.wires.base import CallerError
from wallascli.wires.openai_chat import IN as OPENAI

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("wallasapi")

_CODES = {404: "not_found", 405: "method_not_allowed", 408: "request_timeout", 413: "request_too_large"}


def build_app(context: Context, *, max_body: int) -> web.Application:
    """``max_body`` in bytes."""
    app = web.Application(client_max_size=max_body)
    app[CONTEXT] = context
    app.router.add_routes(ROUTES)
    return app


def guarded(handler: Handler) -> Handler:
    """Who may call; and every failure as an answer in the caller's dialect.

    Around each handler rather than a middleware of aiohttp's: that costs 10 µs a request more.
    """

    async def at_the_door(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        query_key = request.query.get("key") if request.query_string else None
        refusal = context.door.refuses(request.method, request.path, request.headers, query_key)
        if refusal is not None:
            return answer(request, refusal)
        context.in_flight += 1
        try:
            return await handler(request)
        except WallasError as exc:
            error, headers = describe(exc)
            return answer(request, error, headers)
        except web.HTTPException as exc:
            allow = exc.headers.get("Allow")
            return answer(request, _http_error(exc), {"Allow": allow} if allow else None)
        except ConnectionResetError:  # the client has gone while we wrote: there is nobody to tell
            raise
        except Exception:  # the process entry of a request: a bug must not take the connection with it
            log.exception("a request failed in a way nobody foresaw")
            if request.writer.output_size:
                raise  # in mid-answer: the connection is cut, which the client can see
            return answer(request, _BUG)
        finally:
            context.in_flight -= 1

    return at_the_door


async def _openai_chat(request: web.Request) -> web.StreamResponse:
    return await chat(request, OPENAI)


async def _nowhere(request: web.Request) -> web.StreamResponse:
    """No route has this path, or none with this method."""
    allowed = {method for method, path in _METHODS if path.match(request.path)}
    raise web.HTTPMethodNotAllowed(request.method, allowed) if allowed else web.HTTPNotFound


ROUTES = (
    web.post("/v1/chat/completions", guarded(_openai_chat)),
    web.get("/v1/models", guarded(inspect.models)),
    web.get("/v1/models/{name:.+}", guarded(inspect.model)),
    web.get("/v1/providers", guarded(inspect.providers)),
    web.get("/v1/stats", guarded(inspect.stats)),
    web.post("/v1/routing/explain", guarded(inspect.explain)),
    web.get("/health", guarded(inspect.health)),
    web.get("/", guarded(inspect.root)),
    web.route("*", r"/{path:[\s\S]*}", guarded(_nowhere)),  # with line ends: they too come through the door
)
_METHODS = tuple(
    (route.method, re.compile(re.sub(r"\{\w+:(.+)\}", r"\1", route.path) + r"\Z")) for route in ROUTES[:-1]
)
_BUG = CallerError(500, "internal_error", "server_error", "The gateway has a bug.", hint="see its log")


def _http_error(exc: web.HTTPException) -> CallerError:
    kind = "invalid_request_error"
    if exc.status == 413:
        return CallerError(413, _CODES[413], kind, "The body is too large.", hint="server.max_body is the limit")
    return CallerError(exc.status, _CODES.get(exc.status, "http_error"), kind, f"{exc.status}: {exc.reason}")
