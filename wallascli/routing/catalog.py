"""The model cards known now: the shipped catalogue, and over it each provider's own listing.

A listing says what exists and may know better; the shipped card fills in what listings leave out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from wallascli.providers.base import Provider
from wallascli.routing.names import model_key, operation_by_name
from wallascli.routing.strength import prior
from wallascli.vocab.models import ModelCard, Operation, Status

# Facts of a listing that replace the shipped ones whenever they were told.
_LISTED_FACTS = ("context", "max_output", "tools", "structured", "reasoning", "leaves_machine")


class Catalog:
    """``version`` grows with every change, so that a plan made before it can be thrown away."""

    def __init__(self, shipped: Iterable[ModelCard]) -> None:
        self._cards: dict[str, dict[str, ModelCard]] = {}
        self._shipped: dict[str, dict[str, ModelCard]] = {}
        self._listed_at: dict[str, float] = {}
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
        """Whether the provider's own listing is known."""
        return provider in self._listed_at

    def listed_at(self, provider: str) -> float | None:
        return self._listed_at.get(provider)

    def add(self, provider: Provider, cards: Iterable[ModelCard], at: float | None = None) -> None:
        """Take a listing (``at`` in epoch seconds), or the models that the settings name (``at`` None)."""
        shipped = self._shipped.get(provider.name, {})
        known = {i: c for i, c in shipped.items() if c.status is not Status.LIVE}
        for card in cards:
            known[card.id] = _merged(shipped.get(card.id), card, provider)
        self._cards[provider.name] = known
        if at is not None:
            self._listed_at[provider.name] = at
        self._index()

    def set_window(self, provider: str, model: str, context: int) -> None:
        """A window that an error named (``too_long``) goes onto the card."""
        if card := self.card(provider, model):
            self._cards[provider][model] = replace(card, context=context)
            self._index()

    def lacks(self, provider: str, model: str, word: str) -> None:
        """A refusal of ``tools`` or ``structured`` is remembered on the card."""
        card = self.card(provider, model)
        if card is not None and word in ("tools", "structured"):
            self._cards[provider][model] = replace(card, **{word: False})  # type: ignore[arg-type]
            self._index()

    def _index(self) -> None:
        self._by_id: dict[str, list[ModelCard]] = {}
        self._by_key: dict[str, list[ModelCard]] = {}
        for card in self.all():
            self._by_id.setdefault(card.id, []).append(card)
            if card.same_as:  # the routers of OpenRouter are no model: nobody else serves the same
                self._by_key.setdefault(card.same_as, []).append(card)
        self.version += 1


def _merged(shipped: ModelCard | None, listed: ModelCard, provider: Provider) -> ModelCard:
    local = provider.local and not listed.leaves_machine
    if shipped is None:
        return _newcomer(listed, provider, local=local)
    told = {name: value for name in _LISTED_FACTS if (value := getattr(listed, name)) is not None}
    if listed.takes != _DEFAULTS["takes"]:
        told["takes"] = listed.takes
    if listed.price.input is not None:
        told["price"] = listed.price
    # Several free plans list the prices of their paid ones (Cerebras, SambaNova): a price alone says nothing.
    free = True if shipped.free else listed.free if listed.free is not None else shipped.free
    return replace(shipped, **told, free=free, local=local, listed=True)


def _newcomer(listed: ModelCard, provider: Provider, *, local: bool) -> ModelCard:
    """A model the shipped catalogue has never heard of."""
    key = listed.same_as or model_key(listed.id)
    return replace(
        listed,
        operation=listed.operation if listed.operation is not Operation.CHAT else operation_by_name(listed.id),
        free=True if provider.free_models or local else listed.free,
        local=local,
        same_as=key,
        strength=prior(key, listed.price, reasoning=listed.reasoning, model_id=listed.id),
    )


_DEFAULTS = {field.name: field.default for field in fields(ModelCard)}
