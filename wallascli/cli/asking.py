"""From options to a request, and an engine to ask: what `chat` and `explain` share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wallascli.cli.messages import say
from wallascli.engine import Engine, assemble
from wallascli.settings import Settings, load
from wallascli.vocab.chat import ChatRequest, Media, Message, Part, Role, Text
from wallascli.vocab.failures import NotAllowed
from wallascli.vocab.policy import Policy, Privacy


@dataclass(frozen=True, slots=True)
class Wish:
    """Who should be asked, as the options say it."""

    model: str = "auto"
    system: str = ""
    tier: str = ""
    paid: bool = False
    private: bool = False

    def request(self, prompt: str, *, stream: bool, images: tuple[Media, ...] = ()) -> ChatRequest:
        said: tuple[Part, ...] = (Text(prompt), *images) if prompt else images
        messages = [Message(Role.SYSTEM, (Text(self.system),))] if self.system else []
        return ChatRequest(self.model, (*messages, Message(Role.USER, said)), stream=stream)

    def policy(self, settings: Settings) -> Policy:
        """Raises ``NotAllowed`` for paid models that the settings switch off (P5)."""
        if self.paid and not settings.routing.allow_paid:
            raise NotAllowed(say("paid.off"), hint=say("paid.off.hint", file=settings.file))
        privacy = Privacy.LOCAL if self.private else Privacy.ANY
        return Policy(tier=self.tier, allow_paid=self.paid, privacy=privacy)


@asynccontextmanager
async def ready_engine(config: Path | None) -> AsyncIterator[tuple[Engine, Settings]]:
    """An engine that knows the local models. Raises ``Misconfigured``."""
    settings = load(config=config)
    async with Engine(assemble(settings)) as engine:
        await engine.prepare()
        yield engine, settings
