"""The stage of the demonstration: pretended providers, an engine in a home of its own, one question an act.

Requests are real HTTP over loopback and the engine is the one that serves; nothing of the user's is read or kept.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from wallascli.cli.demo_check import ANSWERED, Act, Seen, Story, Tried
from wallascli.engine import Engine, assemble
from wallascli.engine.views import explain_view
from wallascli.providers import PROVIDERS
from wallascli.routing.candidate import Plan
from wallascli.routing.course import Turn
from wallascli.routing.reply import Reply
from wallascli.settings import load
from wallascli.simulator import Simulator
from wallascli.vocab.chat import ChatRequest, Message, Role, Text
from wallascli.vocab.events import TextDelta
from wallascli.vocab.failures import Failure
from wallascli.vocab.policy import Policy

# Who is pretended: a model each, so that a plan fits on a screen. Three dialects are among them.
CAST = {
    "groq": "openai/gpt-oss-120b",
    "gemini": "gemini-3.8-flash",
    "cerebras": "gpt-oss-120b",
    "mistral": "mistral-small-2603",
    "openrouter": "openai/gpt-oss-120b:free",
    "cohere": "command-a-03-2025",
}
# Shorter than in life (12 s): nobody likes to watch a stall.
PATIENCE = 1.0
_PACE = "d25"
_WORDS = (
    "amber basil cedar delta ember fjord grove heron inlet jasper kiwi lagoon maple nectar olive pepper quartz "
    "raven saffron tulip umber velvet willow yarrow zephyr"
).split()

Heard = Callable[[Turn, Failure | None], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """``simulator`` and ``engine`` belong together."""

    simulator: Simulator
    engine: Engine

    def words(self) -> str:
        """What nobody could know beforehand."""
        return " ".join(secrets.choice(_WORDS) for _ in range(4)) + f" {secrets.randbelow(10_000)}"

    def plan(self, question: str, act: Act) -> Plan:
        return self.engine.plan(_request(question, act), Policy())

    async def play(self, act: Act, question: str, *, heard: Heard, said: Callable[[str], None]) -> Story:
        """Tell the first of the plan to misbehave, ask, and take down what happens. Raises ``PlanExhausted``."""
        plan = self.plan(question, act)
        self.simulator.clear()
        self.simulator.script("*", _PACE)
        if act.script:
            self.simulator.script(plan.candidates[0].provider.name, act.script)
        diary, began, pieces = _Diary(heard), time.monotonic(), []
        async with self.engine.chat(_request(question, act), Policy()) as reply:
            reply.heard = diary.heard
            await reply.open()
            async for piece in _pieces(reply):
                pieces.append(piece)
                said(piece)
            diary.answered()
        await self.simulator.quiet()
        return Story(
            act=act,
            question=question,
            answer="".join(pieces),
            pieces=len(pieces),
            seconds=time.monotonic() - began,
            candidates=tuple(explain_view(plan)["candidates"]),
            tried=tuple(diary.tried),
            seen=tuple(self._seen()),
        )

    def _seen(self) -> list[Seen]:
        return [
            Seen(e.provider, e.model, e.port, e.status, e.outcome, e.time, round(e.seconds, 3))
            for e in self.simulator.log
            if e.operation == "chat"
        ]


class _Diary:
    """Each request to a provider: when, how it ended, how long it took."""

    def __init__(self, heard: Heard) -> None:
        self._tell = heard
        self._turn: Turn | None = None
        self._began = 0.0
        self.tried: list[Tried] = []

    def heard(self, turn: Turn, failure: Failure | None) -> None:
        if failure is None:
            self._turn, self._began = turn, time.time()
        else:
            self._note(turn, failure.kind.value, failure.status)
        self._tell(turn, failure)

    def answered(self) -> None:
        if self._turn is not None:
            self._note(self._turn, ANSWERED, 200)

    def _note(self, turn: Turn, kind: str, status: int | None) -> None:
        provider, model = turn.candidate.provider, turn.candidate.card.id
        seconds = round(time.time() - self._began, 3)
        port = urlsplit(provider.base_url).port or 0
        self.tried.append(Tried(provider.name, model, port, kind, status, self._began, seconds))


async def _pieces(reply: Reply) -> AsyncIterator[str]:
    if not reply.request.stream:
        yield reply.whole().first.text
        return
    async for event in reply.events():
        if isinstance(event, TextDelta):
            yield event.text


def _request(question: str, act: Act) -> ChatRequest:
    return ChatRequest("auto", (Message(Role.USER, (Text(question),)),), stream=act.stream)


@asynccontextmanager
async def stage(home: Path) -> AsyncIterator[Stage]:
    """Everything of it lies below ``home``; it listens on a free port of loopback."""
    async with Simulator() as simulator:
        file = home / "config.toml"
        file.write_text(_settings(simulator.url), "utf-8")
        setup = assemble(load(config=file, environ={}, folder=home))
        async with Engine(replace(setup, state=home / "state", cache=home / "cache")) as engine:
            yield Stage(simulator, engine)


def _settings(url: str) -> str:
    lines = ["[deadlines]", f"first_byte = {PATIENCE}", "[providers.ollama]", "enabled = false"]
    for name, model in CAST.items():
        base = f"{url}/{name}{urlsplit(PROVIDERS[name].base_url).path}"
        lines += [
            f"[providers.{name}]",
            f'base_url = "{base}"',
            f'keys = ["demo-{name}-0001"]',
            f'models = ["{model}"]',
        ]
    return "\n".join(lines) + "\n"
