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
ANSWERS = [row for row in EXPECTED if row["outcome"] != "error"]
END_MARK = b"data: [DONE]\n\n"
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


def name_of(row: Row) -> str:
    return f"{row['file'].removesuffix('.json')}#{row['index']}"


def has_question(row: Row) -> bool:
    """Whether it was asked in OpenAI's words, and the recorder kept them."""
    asked = exchange_of(row).asked
    return row["wire"] == "openai" and isinstance(asked, dict) and bool(asked.get("messages"))


def question(row: Row, **fields: object) -> Row:
    """The recorded request where it was in OpenAI's words, else a short one; to the provider that was recorded."""
    exchange = exchange_of(row)
    body: Row = {"messages": [{"role": "user", "content": "hello"}]}
    if has_question(row):
        body = dict(exchange.asked)
    elif row["stream"]:
        body["stream_options"] = {"include_usage": True}
    model = named(exchange, row["wire"], str(body.get("model") or ""))
    return {**body, "stream": row["stream"], "model": model, **fields}


def as_told(row: Row, got: Row) -> tuple[Row, Row]:
    """Both without what the client's wire adds or cannot tell apart: ids nobody gave, figures of nought."""
    expected = {key: row[key] for key in ("outcome", "choices", "usage", "error")}
    found = {key: got[key] for key in expected}
    for usage in (expected, found):
        usage["usage"] = {name: tokens for name, tokens in (usage["usage"] or {}).items() if tokens}
    for want, have in zip(expected["choices"], found["choices"], strict=True):
        for call, seen in zip(want["calls"], have["calls"], strict=True):
            assert seen["id"], "a call without an id cannot be answered"
            seen["id"] = call["id"] and seen["id"]
            call["arguments"] = call["arguments"] or {}
            seen["arguments"] = seen["arguments"] or {}
    if row["id"]:
        expected["id"], found["id"] = row["id"], got["id"]
    if row["model"]:
        expected["model"], found["model"] = row["model"], got["model"]
    return expected, found


def unlike(got: bytes, expected: bytes) -> str:
    """Where two bodies part, empty if they do not; pytest would compare long ones for minutes."""
    if got == expected:
        return ""
    at = next(
        (i for i, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), min(len(got), len(expected))
    )
    return f"at {at}: got {got[at - 40 : at + 80]!r}, expected {expected[at - 40 : at + 80]!r}"
