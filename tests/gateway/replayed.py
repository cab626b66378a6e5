"""A gateway whose every provider says what a real one once said: all of it in the test's own loop."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from tests.exchanges import RECORDINGS, Exchange, load
from tests.recordings import oracle
from tests.replay import Asked, Replay
from wallascli.engine import Engine, assemble
from wallascli.gateway.app import build_app
from wallascli.gateway.context import Context
from wallascli.gateway.door import Door
from wallascli.providers import PROVIDERS
from wallascli.settings import load as load_settings

Row = dict[str, Any]

EXPECTED: list[Row] = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))
WIRES = ("openai", "gemini", "anthropic", "ollama", "cohere")
# Recorded, but no row of ours; and the other wire that some providers offer as well.
_OTHERS = {"azure": "openai", "copilot": "openai", "second": "openai", **{f"compat-{wire}": wire for wire in WIRES}}
SECOND = "second:model"


@dataclass(frozen=True)
class Replayed:
    """`ask` puts a question to the gateway; every provider answers with what `replay` holds."""

    replay: Replay
    client: httpx.AsyncClient

    async def ask(self, body: Row, *exchanges: Exchange, size: int = 0, pause: float = 0) -> httpx.Response:
        self.replay.exchanges, self.replay.size, self.replay.pause = exchanges, size, pause
        self.replay.requests.clear()
        return await self.client.post("/v1/chat/completions", json=body)

    @property
    def asked(self) -> Sequence[Asked]:
        """What reached the providers since the last question."""
        return self.replay.requests


@asynccontextmanager
async def replayed(folder: Path, replay: Replay | None = None) -> AsyncIterator[Replayed]:
    async with replay or Replay() as provider:
        config = folder / "config.toml"
        config.write_text("".join(_tables(provider.url)), encoding="utf-8")
        setup = assemble(load_settings(config=config, environ={}))
        async with Engine(replace(setup, state=folder / "state", cache=folder / "cache")) as engine:
            runner = web.AppRunner(build_app(Context(engine, Door()), max_body=32 << 20), handler_cancellation=True)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with httpx.AsyncClient(base_url=url, verify=False, trust_env=False, timeout=30) as client:
                yield Replayed(provider, client)
            await runner.cleanup()


def _tables(url: str) -> list[str]:
    common = 'free = true\nenabled = true\nkeys = ["key-of-replay"]\nmodels = ["listed"]\n'
    rows = [f'[providers.{name}]\nbase_url = "{url}/{name}"\n{common}' for name in PROVIDERS]
    return rows + [
        f'[providers.{name}]\nwire = "{wire}"\nbase_url = "{url}/{name}"\n{common}'
        for name, wire in _OTHERS.items()
    ]


def exchange_of(row: Row) -> Exchange:
    return load(row["file"])[row["index"]]


def wire_of(exchange: Exchange) -> str | None:
    """The chat wire of a recording, errors too; ``None`` for embeddings, listings and the like."""
    address = exchange.url.partition("?")[0]
    return next((wire for wire, found in oracle.ADDRESSES.items() if re.search(found, address)), None)


def named(exchange: Exchange, wire: str, model: str = "") -> str:
    """An exact name that leads to the row of the recorded provider, or to one that speaks the recorded wire."""
    row = PROVIDERS.get(exchange.provider)
    speaks = _OTHERS.get(exchange.provider) if row is None else row.wire.name
    provider = exchange.provider if speaks == wire else f"compat-{wire}"
    return f"{provider}:{model or f'model-{exchange.index}'}"


def understood(answer: httpx.Response) -> Row:
    """What the judge of the recordings reads in an answer on OpenAI's wire."""
    kind = answer.headers["content-type"]
    held = {"body": answer.json()} if kind == "application/json" else {"sse": answer.text}
    reading = oracle.Reading()
    for payload in oracle.payloads(held):
        oracle.READERS["openai"](reading, payload)
    row = reading.row()
    for payload in oracle.payloads(held):
        for choice in payload.get("choices") or ():
            said = choice.get("message") or choice.get("delta") or {}
            row["choices"][choice.get("index") or 0]["media"] += len(said.get("images") or ())
    return row
