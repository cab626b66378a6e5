"""Replies on a stage: real sockets, simulated providers, everything else as in the product."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.routing.worlds import ask, row
from wallascli.providers.base import Provider
from wallascli.routing.candidate import Place, Plan
from wallascli.routing.catalog import Catalog
from wallascli.routing.health import Health
from wallascli.routing.plan import Planner
from wallascli.routing.reply import Reply
from wallascli.routing.rules import Rules
from wallascli.routing.witness import Witness
from wallascli.simulator import Simulator
from wallascli.simulator.log import Entry
from wallascli.upstream.client import Upstream
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.events import Completion, Event, fold
from wallascli.vocab.failures import PlanExhausted
from wallascli.vocab.policy import Policy
from wallascli.vocab.secret import Secret
from wallascli.wires import WIRES, openai_chat
from wallascli.wires.base import Outbound

OPENAI = openai_chat.IN
# What stands before each wire's own path at the simulator.
BASES = {"openai": "/v1", "anthropic": "", "gemini": "/v1beta", "ollama": "", "cohere": ""}


def outbound(name: str) -> Outbound:
    found = WIRES[name].outbound
    assert found is not None
    return found


@dataclass
class Stage:
    """Providers `a`, `b`, `c` (OpenAI's wire) and one for each other wire, all at one simulator.

    A script is the name of a model, so `a:sim-500` answers 500. `deadlines` are everybody's.
    """

    simulator: Simulator
    upstream: Upstream
    deadlines: Deadlines = field(default_factory=Deadlines)
    retries: int = 0
    addresses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.catalog = Catalog([])
        self.health = Health(Random(7))
        self.witness = Witness(self.health, self.catalog)
        self.heard: list[str] = []
        rows = [self._row(name, "openai") for name in ("a", "b", "c")]
        rows += [self._row(name, name) for name in BASES if name != "openai"]
        self.places = {one.name: Place(one, (Secret(f"key-of-{one.name}"),), free=True) for one in rows}
        rules = Rules(deadlines=lambda provider, alias: self.deadlines, retries=self.retries)
        self.planner = Planner(self.catalog, self.places, rules, self.health)

    def _row(self, name: str, wire: str) -> Provider:
        address = self.addresses.get(name, self.simulator.url)
        return row(name, wire=outbound(wire), base_url=f"{address}/{name}{BASES[wire]}")

    @property
    def log(self) -> list[Entry]:
        return [entry for entry in self.simulator.log if entry.operation == "chat"]

    def plan(self, request: ChatRequest, policy: Policy) -> Plan:
        return self.planner.plan(request, policy)

    def reply(self, *models: str, policy: Policy | None = None, words: bool = False, **fields: Any) -> Reply:
        """An answer to be opened, in OpenAI's bytes or in words."""
        request = ask(models[0], *models[1:], **fields)
        wish = policy or Policy()
        inbound = None if words else OPENAI
        plan = self.plan(request, wish)
        reply = Reply(self.upstream, self.witness, request, plan, wish, inbound, lambda candidate: None)
        reply.heard = lambda turn, failure: self.heard.append(
            failure.kind.value if failure else turn.candidate.name
        )
        return reply

    async def stream(self, *models: str, **options: Any) -> Heard:
        """A streamed answer to its end, as a client of OpenAI's hears it."""
        async with self.reply(*models, stream=True, **options) as reply:
            await reply.open()
            async with aclosing(reply.stream()) as pieces:
                raw = b"".join([piece async for piece in pieces])
            return Heard(reply, raw)

    async def events(self, *models: str, **options: Any) -> list[Event]:
        async with self.reply(*models, stream=True, words=True, **options) as reply:
            await reply.open()
            async with aclosing(reply.events()) as events:
                return [event async for event in events]

    async def whole(self, *models: str, words: bool = True, **options: Any) -> Completion:
        """A plain answer in words."""
        async with self.reply(*models, words=words, **options) as reply:
            await reply.open()
            return reply.whole() if words else _read(reply.body(OPENAI))

    async def failing(self, *models: str, **options: Any) -> PlanExhausted:
        """Why nobody could answer."""
        try:
            async with self.reply(*models, **options) as reply:
                await reply.open()
        except PlanExhausted as exc:
            return exc
        raise AssertionError(f"somebody answered: {reply.candidate.name}")

    def is_quiet(self) -> bool:
        """Whether no lease of a probe is held by anybody."""
        return not self.health._cooling._leases


@dataclass(frozen=True)
class Heard:
    """A stream as a client heard it."""

    reply: Reply
    raw: bytes

    @property
    def frames(self) -> list[Any]:
        """The data of each event; comments left out."""
        return [
            line if line == "[DONE]" else json.loads(line)
            for line in (part.removeprefix("data: ") for part in self._lines.split("\n\n"))
            if line and not line.startswith(":")
        ]

    @property
    def _lines(self) -> str:
        return self.raw.decode().replace("\r\n", "\n")

    @property
    def text(self) -> str:
        pieces = [c for f in self.frames if isinstance(f, dict) for c in f.get("choices", ())]
        return "".join(piece["delta"].get("content") or "" for piece in pieces)

    @property
    def finish(self) -> list[str]:
        pieces = [c for f in self.frames if isinstance(f, dict) for c in f.get("choices", ())]
        return [piece["finish_reason"] for piece in pieces if piece.get("finish_reason")]

    @property
    def error(self) -> dict[str, Any]:
        return next((f["error"] for f in self.frames if isinstance(f, dict) and "error" in f), {})

    @property
    def ends_well(self) -> bool:
        return self._lines.endswith("data: [DONE]\n\n") and self._lines.count("[DONE]") == 1


def _read(body: bytes) -> Completion:
    return fold(outbound("openai").read_whole(body))


@asynccontextmanager
async def stage(
    simulator: Simulator,
    deadlines: Deadlines | None = None,
    *,
    addresses: dict[str, str] | None = None,
    retries: int = 0,
) -> AsyncIterator[Stage]:
    """Set it up, and see that nothing is left behind when it is taken down."""
    before = asyncio.all_tasks()
    upstream = Upstream()
    made = Stage(simulator, upstream, deadlines or Deadlines(), retries, addresses or {})
    try:
        yield made
    finally:
        await upstream.close()
    assert made.is_quiet(), "a probe was not given back"
    await asyncio.sleep(0)
    known = before | {asyncio.current_task()}
    left = {task for task in asyncio.all_tasks() - known if "wallascli" in str(task.get_coro())}
    left = {task for task in left if "simulator" not in str(task.get_coro())}
    assert not left, left


@asynccontextmanager
async def speaker(*pieces: bytes, pause: float = 0.0) -> AsyncIterator[str]:
    """A server that streams these pieces to whoever asks and then holds its tongue; gives its address."""

    under_way: list[tuple[asyncio.Task[None] | None, asyncio.StreamWriter]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.append((asyncio.current_task(), writer))
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task, writer in under_way:
            writer.close()
            if task is not None:
                await task


def chunk(content: str = "", finish: str | None = None, **delta: Any) -> bytes:
    """One event of OpenAI's wire."""
    said = ({"content": content} if content else {}) | delta
    choice = {"index": 0, "delta": said, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode() + b"\n\n"


async def timed(call: Any) -> tuple[Any, float]:
    """What it gave, and how many seconds it took."""
    began = time.monotonic()
    return await call, time.monotonic() - began
