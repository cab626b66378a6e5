"""Small worlds of providers and models for tests of choosing. Everything in them is real; only they are small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from wallascli.providers.base import Provider
from wallascli.routing.candidate import Place, Plan
from wallascli.routing.catalog import Catalog
from wallascli.routing.health import Health
from wallascli.routing.names import model_key
from wallascli.routing.plan import Planner
from wallascli.routing.rules import Alias, Rules
from wallascli.routing.witness import Witness
from wallascli.vocab.chat import ChatRequest, Message, Role, Text
from wallascli.vocab.failures import Failure, FailureClass
from wallascli.vocab.models import ModelCard
from wallascli.vocab.policy import Policy
from wallascli.vocab.secret import Secret
from wallascli.wires import openai_chat

NOON = 1_795_521_600.0  # 2026-11-24 12:00 UTC


def row(name: str, **fields: Any) -> Provider:
    """A provider that speaks OpenAI's wire and can do nothing special."""
    usual: dict[str, Any] = {
        "name": name,
        "title": name,
        "base_url": f"http://127.0.0.1:9/{name}",
        "wire": openai_chat.OUT,
    }
    return Provider(**(usual | fields))


def card(name: str, **facts: Any) -> ModelCard:
    """``provider:model``: free, and able to do what nearly all can, unless said otherwise."""
    provider, _, model = name.partition(":")
    usual: dict[str, Any] = {
        "free": True,
        "tools": True,
        "structured": True,
        "same_as": model_key(model),
        "context": 131_072,
    }
    return ModelCard(provider, model, **(usual | facts))


def installed(name: str, **facts: Any) -> ModelCard:
    """A model that a server on this machine has listed."""
    return card(name, **({"local": True, "listed": True} | facts))


def ask(model: str, *models: str, text: str = "hello", **fields: Any) -> ChatRequest:
    """A request of one short question."""
    messages = fields.pop("messages", (Message(Role.USER, (Text(text),)),))
    return ChatRequest(model, messages, models=models, **fields)


def no(kind: FailureClass, until: float | None = None, **facts: Any) -> Failure:
    return Failure(kind, f"it said {kind.value}", until=until, **facts)


def alias(name: str, *models: str, retries: int | None = None) -> dict[str, Alias]:
    return {name: Alias(name, models, retries)}


@dataclass
class World:
    """Cards at providers of one key each, with a clock that only a test moves."""

    cards: Iterable[ModelCard]
    rows: Mapping[str, Provider] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    places: dict[str, Place] = field(default_factory=dict)
    now: float = NOON

    def __post_init__(self) -> None:
        cards = tuple(self.cards)
        self.catalog = Catalog(cards)
        self.health = Health(Random(7))
        for name in dict.fromkeys([*(one.provider for one in cards), *self.rows]):
            self.places.setdefault(name, Place(self.rows.get(name) or row(name), (Secret(f"key-of-{name}"),)))
        self.planner = Planner(self.catalog, self.places, self.rules, self.health, lambda: self.now)
        self.witness = Witness(self.health, self.catalog, lambda: self.now)

    def plan(self, model: str, *models: str, policy: Policy | None = None, **fields: Any) -> Plan:
        return self.planner.plan(ask(model, *models, **fields), policy or Policy())

    def order(self, model: str, *models: str, policy: Policy | None = None, **fields: Any) -> list[str]:
        """Who would be asked, first to last."""
        return [one.name for one in self.plan(model, *models, policy=policy, **fields).candidates]

    def refused(self, model: str, *models: str, policy: Policy | None = None, **fields: Any) -> dict[str, str]:
        """Who would not be asked, and of what kind the reason is."""
        return {one.name: one.kind for one in self.plan(model, *models, policy=policy, **fields).refused}

    def key(self, provider: str) -> str:
        return self.places[provider].keys[0].fingerprint

    def fail(self, name: str, kind: FailureClass, until: float | None = None) -> None:
        """A candidate failed, now."""
        provider, _, model = name.partition(":")
        self.health.failed(provider, model, self.key(provider), no(kind, until), self.now)

    def answer(self, name: str, *, first: float = 0.5, seconds: float = 2.0, characters: int = 500) -> None:
        """A candidate answered, now."""
        provider, _, model = name.partition(":")
        self.health.succeeded(
            provider,
            model,
            self.key(provider),
            first_content=first,
            characters=characters,
            seconds=seconds,
            now=self.now,
        )

    def without_key(self, *providers: str) -> World:
        """The same world, where these providers have no key."""
        for name in providers:
            self.places[name] = replace(self.places[name], keys=(), unusable="no key")
        return World(self.cards, self.rows, self.rules, self.places, self.now)
