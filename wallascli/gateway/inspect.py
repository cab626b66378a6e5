"""Looking at the gateway: its models, providers, health, statistics, and why it would choose whom."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDict

from wallascli import __version__
from wallascli.engine.model_filters import Filters
from wallascli.engine.model_views import model_view, models_view
from wallascli.engine.views import explain_view, health_view, providers_view, stats_view
from wallascli.gateway.chat import json_body
from wallascli.gateway.context import CONTEXT
from wallascli.gateway.policy import policy_of, request_id_of
from wallascli.vocab.failures import NotUnderstood, UnknownModel
from wallascli.wires.openai_chat import IN as OPENAI

# What ``explain`` asks about where its body has no conversation: enough to plan, and it says nothing of need.
_NO_QUESTION = [{"role": "user", "content": "?"}]
# The original's route took a list of kinds instead of content (its ``modalities``).
_KINDS: dict[str, dict[str, Any]] = {
    "image": {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}},
    "audio": {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
    "file": {"type": "file", "file": {"filename": "file.pdf", "file_data": ""}},
    "document": {"type": "file", "file": {"filename": "file.pdf", "file_data": ""}},
    "video": {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,"}},
}


def json_response(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


async def root(request: web.Request) -> web.Response:
    """``GET /``: Ollama's clients ask here whether anybody is there."""
    return web.Response(text="Ollama is running" if "ollama" in request.headers.get("User-Agent", "") else _HELLO)


_HELLO = f"WallasAPI {__version__} is running. The OpenAI endpoint is /v1.\n"


async def health(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    body, status = health_view(context.engine, draining=context.draining)
    return json_response(body, status)


async def models(request: web.Request) -> web.Response:
    engine = request.app[CONTEXT].engine
    await engine.prepare()
    return json_response({"object": "list", "data": models_view(engine, Filters.read(request.query))})


async def model(request: web.Request) -> web.Response:
    """Ids hold slashes and colons, so the rest of the path is the name."""
    engine, name = request.app[CONTEXT].engine, request.match_info["name"]
    await engine.prepare()
    found = model_view(engine, name)
    if found is None:
        raise UnknownModel(name)
    return json_response(found)


async def providers(request: web.Request) -> web.Response:
    return json_response({"object": "list", "data": providers_view(request.app[CONTEXT].engine)})


async def stats(request: web.Request) -> web.Response:
    return json_response(stats_view(request.app[CONTEXT].engine))


async def explain(request: web.Request) -> web.Response:
    """Who would be asked and why; nobody is asked."""
    engine = request.app[CONTEXT].engine
    body = dict(await json_body(request))
    mode = body.pop("cost_mode", None)
    headers = CIMultiDict(request.headers)
    if mode:
        headers["X-Wallas-Cost-Mode"] = str(mode)
    policy = policy_of(headers, request_id_of(request.headers), paid_enabled=engine.setup.rules.allow_paid)
    kinds = body.pop("modalities", None) or []
    if not isinstance(kinds, list):
        raise NotUnderstood("'modalities' must be an array.", param="modalities")
    shown = [_KINDS[kind] for kind in map(str, kinds) if kind in _KINDS]
    asked = body.get("messages") or _NO_QUESTION
    body["messages"] = [*asked, {"role": "user", "content": shown}] if shown and isinstance(asked, list) else asked
    body.setdefault("model", "auto")
    await engine.prepare()
    return json_response(explain_view(engine.plan(OPENAI.parse(body), policy)))
