"""How a running simulator is asked and changed: everything below `/_simulator`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Protocol

from wallascli.simulator import http
from wallascli.simulator.js import JsonObject, compact, obj, strings, txt
from wallascli.simulator.log import Log
from wallascli.simulator.rules import Rules
from wallascli.simulator.script import UnknownWord
from wallascli.simulator.script import __doc__ as GRAMMAR

PREFIX = "/_simulator"
HANDSHAKES = ("plain", "alert", "reset", "stall")


class Controlled(Protocol):
    """What control needs of the server."""

    rules: Rules
    log: Log
    handshake: str
    ever_connected: int
    in_flight: int
    serial: int
    outcomes: Counter[str]

    @property
    def open_connections(self) -> int:
        """Connections that serve clients now."""


def answer(server: Controlled, request: http.Request) -> bytes:
    """The whole HTTP answer to a control request."""
    match request.method, request.path.removeprefix(PREFIX).strip("/"):
        case "GET", "log":
            return _json(server.log.select(dict(request.query)))
        case "DELETE", "log":
            server.log.clear()
            return _json({"ok": True})
        case "GET", "stats":
            return _json(stats(server))
        case "POST", "script":
            return _script(server, request.body)
        case "DELETE", "script":
            clear(server)
            return _json({"ok": True})
        case "GET", "words":
            return http.answer(200, (GRAMMAR or "").encode(), "text/plain; charset=utf-8")
        case _:
            return _json({"error": "no such control path"}, 404)


def stats(server: Controlled) -> dict[str, int]:
    """How things stand now, and totals since the start."""
    return {
        "open_connections": server.open_connections,
        "in_flight": server.in_flight,
        "connections": server.ever_connected,
        "requests": server.log.total,
        "answers": server.serial,
        **server.outcomes,
    }


def clear(server: Controlled) -> None:
    """Forget what was asked and what was ordered; connections stay."""
    server.rules.clear()
    server.log.clear()
    server.handshake = HANDSHAKES[0]


def apply(server: Controlled, order: JsonObject) -> None:
    """One order: a script for some requests, or what a provider has. Raises UnknownWord, ValueError."""
    provider = txt(order.get("provider"))
    if "script" in order:
        stated = order["script"]
        scripts = [txt(item) for item in (stated if isinstance(stated, list | tuple) else [stated])]
        operation = txt(order.get("operation", "chat"))
        server.rules.add(scripts, provider, txt(order.get("model")), txt(order.get("key")), operation)
    pretended = server.rules.provider(provider)
    if "models" in order:
        pretended.models = None if order["models"] is None else strings(order["models"])
    if "keys" in order:
        pretended.keys = None if order["keys"] is None else strings(order["keys"])
    if "listing" in order:
        pretended.listing = order["listing"]
    if "wire" in order:
        pretended.wire = txt(order["wire"])
    if "handshake" in order:
        if order["handshake"] not in HANDSHAKES:
            raise ValueError(f"handshake is one of {', '.join(HANDSHAKES)}")
        server.handshake = txt(order["handshake"])


def _script(server: Controlled, body: bytes) -> bytes:
    try:
        orders = json.loads(body)
        for order in orders if isinstance(orders, list) else [orders]:
            apply(server, obj(order))
    except UnknownWord as error:
        return _json({"error": f"unknown word {error}"}, 400)
    except ValueError as error:
        return _json({"error": str(error)}, 400)
    return _json({"ok": True})


def _json(content: object, status: int = 200) -> bytes:
    return http.answer(status, compact(content).encode())
