"""Meeting a fault: by a raw socket, or by a client that shares nothing with ours."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator import asking
from tests.simulator.asking import WIRES, Bytes, question, raw, understood, written
from wallascli.simulator import Simulator

Both = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
Wires = pytest.mark.parametrize("wire", WIRES)


async def met(simulator: Simulator, wire: str, script: str, stream: bool, tools: list[Any] | None = None) -> Bytes:
    """What comes back over the socket for "hello", and how it ends."""
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
