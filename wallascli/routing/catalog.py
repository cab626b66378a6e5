"""The model cards known now: the shipped catalogue, and over it each provider's own listing.

A listing says what exists and may know better; the shipped card fills in what listings leave out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from wallascli.providers.base import Provider
from wallascli.routing.names import model_key, operation_by_name
from wallascli.routing.strength import prior
from wallascli.vocab.models import Modality, ModelCard, Operation, Status

# Facts of a listing that replace the shipped ones whenever they were told.
_LISTED_FACTS = ("context", "max_output", "tools", "structured", "reasoning")
# What an answer taught is believed for so many seconds, as long as a listing is: providers mend their models.
_LEARNT_FOR = 6 * 3600.0


class Catalog:
    """``version`` grows with every change, so that a plan made before it can be thrown away."""

    def __init__(self, shipped: Iterable[ModelCard]) -> None:
        self._cards: dict[str, dict[str, ModelCard]] = {}
        self._shipped: dict[str, dict[str, ModelCard]] = {}
        self._listed_at: dict[str, float] = {}
        self._learnt: dict[tuple[str, str], dict[str, tuple[float, Any]]] = {}
        self.absent: frozenset[str] = frozenset()
        """Local providers that did not answer when last looked at; what they had is still known as theirs."""
        self.version = 0
        for card in shipped:
            self._shipped.setdefault(card.provider, {})[card.id] = card
        for provider, cards in self._shipped.items():
            self._cards[provider] = dict(cards)
        self._index()

    def card(self, provider: str, model: str) -> ModelCard | None:
        return self._cards.get(provider, {}).get(model)

    def of(self, provider: str) -> Iterable[ModelCard]:
        return self._cards.get(provider, {}).values()

    def all(self) -> Iterable[ModelCard]:
        return (card for cards in self._cards.values() for card in cards.values())

    def named(self, model: str) -> list[ModelCard]:
        """Cards whose id is exactly this, at any provider."""
        return self._by_id.get(model, [])

    def same_as(self, key: str) -> list[ModelCard]:
        """Cards of one model, wherever it is served."""
        return self._by_key.get(key, [])

    def is_listed(self, provider: str) -> bool:
        """Whether the provider's own listing is known, and it still answers."""
        return provider in self._listed_at and provider not in self.absent

    def listed_at(self, provider: str) -> float | None:
        """When its listing was read, in epoch seconds; ``None`` also while it does not answer."""
        return None if provider in self.absent else self._listed_at.get(provider)

    def add(self, provider: Provider, cards: Iterable[ModelCard], at: float | None = None) -> None:
        """Take a listing (``at`` in epoch seconds), or the models that the settings name (``at`` None)."""
        shipped = self._shipped.get(provider.name, {})
        known = {i: c for i, c in shipped.items() if c.status is not Status.LIVE}
        for card in cards:
            known[card.id] = self._with_learnt(_merged(shipped.get(card.id), card, provider), at)
        same = known == self._cards.get(provider.name) and provider.name not in self.absent
        self._cards[provider.name] = known
        self.absent -= {provider.name}
        if at is not None:
            self._listed_at[provider.name] = at
        if not same:
            self._index()

    def missed(self, provider: str) -> None:
        """A local server did not answer: its models are not offered until it does."""
        if provider not in self.absent:
            self.absent |= {provider}
            self.version += 1

    def set_window(self, provider: str, model: str, context: int, at: float) -> None:
        """A window that an error named (``too_long``) goes onto the card. ``at`` in epoch seconds."""
        self._learn(provider, model, "context", context, at)

    def lacks(self, provider: str, model: str, word: str, at: float) -> None:
        """A refusal of ``tools``, ``structured`` or ``image`` is remembered on the card."""
        card = self.card(provider, model)
        if card is None:
            return
        if word == Modality.IMAGE.value:
            self._learn(provider, model, "takes", card.takes - {Modality.IMAGE}, at)
        elif word:
            self._learn(provider, model, word, False, at)

    def _learn(self, provider: str, model: str, fact: str, value: object, at: float) -> None:
        card = self.card(provider, model)
        if card is None:
            return
        self._learnt.setdefault((provider, model), {})[fact] = (at, value)
        if getattr(card, fact) != value:
            self._cards[provider][model] = replace(card, **{fact: value})  # type: ignore[arg-type]
            self._index()

    def _with_learnt(self, card: ModelCard, at: float | None) -> ModelCard:
        """What was learnt outlives listings for a while: a local server is listed every minute."""
        learnt = self._learnt.get((card.provider, card.id), {})
        fresh = {fact: value for fact, (told, value) in learnt.items() if at is None or at - told < _LEARNT_FOR}
        return replace(card, **fresh) if fresh else card

    def _index(self) -> None:
        self._by_id: dict[str, list[ModelCard]] = {}
        self._by_key: dict[str, list[ModelCard]] = {}
        for card in self.all():
            self._by_id.setdefault(card.id, []).append(card)
            if card.same_as:  # the routers of OpenRouter are no model: nobody else serves the same
                self._by_key.setdefault(card.same_as, []).append(card)
        self.version += 1


def _merged(shipped: ModelCard | None, listed: ModelCard, provider: Provider) -> ModelCard:
    leaves = listed.leaves_machine or (shipped is not None and shipped.leaves_machine)
    local = provider.local and not leaves
    if shipped is None:
        return _newcomer(listed, provider, local=local)
    told = {name: value for name in _LISTED_FACTS if (value := getattr(listed, name)) is not None}
    if listed.takes != _DEFAULTS["takes"]:
        told["takes"] = listed.takes
    if listed.price.input is not None:
        told["price"] = listed.price
    # Several free plans list the prices of their paid ones (Cerebras, SambaNova): a price alone says nothing.
    free = shipped.free if listed.free is None else listed.free
    return replace(shipped, **told, free=free, local=local, leaves_machine=leaves, listed=True)


def _newcomer(listed: ModelCard, provider: Provider, *, local: bool) -> ModelCard:
    """A model the shipped catalogue has never heard of."""
    key = listed.same_as or model_key(listed.id)
    return replace(
        listed,
        operation=listed.operation if listed.operation is not Operation.CHAT else operation_by_name(listed.id),
        # Ollama's cloud models too, which a daemon lists: plans are flat there, see providers/ollama_cloud.py.
        free=True if provider.free_models or provider.local else listed.free,
        local=local,
        same_as=key,
        strength=prior(key, listed.price, reasoning=listed.reasoning, model_id=listed.id),
    )


_DEFAULTS = {field.name: field.default for field in fields(ModelCard)}
