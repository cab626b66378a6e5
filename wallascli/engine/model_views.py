"""What `GET /v1/models` and `wallasapi models` show: every model that can be asked, with what is known of it.

Facts only: null is "nobody told us". Names follow the system this one re-imagines, clients and scripts read them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from wallascli.engine.core import Engine
from wallascli.engine.model_filters import Filters, View
from wallascli.routing.candidate import Place
from wallascli.routing.names import model_key
from wallascli.routing.rules import Alias
from wallascli.routing.stats import StatsRow
from wallascli.routing.tiers import TIERS, Tier, tier_named
from wallascli.vocab.failures import FailureClass
from wallascli.vocab.models import Modality, ModelCard, Operation, Status

OURS = "wallasapi"
# The moment that OpenAI's own listing gives its oldest models; clients want a number and use none.
_CREATED = 1_686_935_002
_PERMISSION = [{"id": "modelperm-default", "object": "model_permission", "allow_view": True}]


def models_view(engine: Engine, filters: Filters | None = None) -> list[View]:
    """Virtual models and aliases first, then the models of usable places (of all places if asked for)."""
    wanted = filters or Filters()
    virtual = [entry for entry in _virtual(engine) if wanted.let_through(entry)]
    return virtual + wanted.ordered([entry for entry in _real(engine, wanted) if wanted.let_through(entry)])


def model_view(engine: Engine, name: str) -> View | None:
    """One entry by exact id, bare id, tier or alias; ``None`` if nothing has that name."""
    rules = engine.setup.rules
    if tier := rules.tiers.get(name) or tier_named(name):
        return _tier(engine, tier) | {"id": name}
    if alias := rules.aliases.get(name):
        return _alias(alias)
    head, colon, model = name.partition(":")
    if colon and head in engine.places:
        # Never a namesake elsewhere: who names the provider means that one.
        card = engine.catalog.card(head, model)
        return None if card is None else _entry(engine, card, _stats(engine), time.time())
    return _bare(engine, name)


def _bare(engine: Engine, name: str) -> View | None:
    """The first of those who serve it, usable ones before others; the rest by name."""
    catalog = engine.catalog
    key = next((card.same_as for card in catalog.named(name) if card.same_as), model_key(name))
    cards = list({card.name: card for card in (*catalog.named(name), *catalog.same_as(key))}.values())
    if not cards:
        return None
    usable = {place.provider.name for place in engine.usable()}
    ordered = sorted(
        cards, key=lambda card: (card.provider not in usable, card.status is Status.RETIRED, card.name)
    )
    entry = _entry(engine, ordered[0], _stats(engine), time.time())
    entry["metadata"]["served_by"] = [card.name for card in ordered]
    return entry


def _real(engine: Engine, wanted: Filters) -> Iterator[View]:
    places = engine.places.values() if wanted.all else engine.usable()
    stats, now = _stats(engine), time.time()
    for place in places:
        for card in engine.catalog.of(place.provider.name):
            if wanted.all or not _not_installed(engine, card):
                yield _entry(engine, card, stats, now)


def _not_installed(engine: Engine, card: ModelCard) -> bool:
    """A local model of the shipped catalogue that this machine's own listing does not hold."""
    return card.local and not card.listed and engine.catalog.is_listed(card.provider)


def _stats(engine: Engine) -> dict[str, StatsRow]:
    return {row["key"]: row for row in engine.stats()}


def _entry(engine: Engine, card: ModelCard, stats: Mapping[str, StatsRow], now: float) -> View:
    place = engine.places[card.provider]
    row = stats.get(f"{card.provider}/{card.id}")
    able = _capabilities(card)
    return {
        "id": card.name,
        "alt_id": card.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": card.provider,
        "context_window": card.context,
        "capabilities": able,
        "metadata": _metadata(engine, card, place, able),
        "alive": _alive(card, row),
        "last_check": max(row["failed_at"] or 0.0, row["succeeded_at"] or 0.0) or None if row else None,
        "last_latency_ms": row["avg_latency_ms"] if row else None,
        "permission": _PERMISSION,
        "root": card.name,
        "parent": None,
    }


def _alive(card: ModelCard, row: StatsRow | None) -> bool | None:
    """False: retired, or its provider said that it does not exist. None: never asked here."""
    if card.status is Status.RETIRED:
        return False
    if row is None:
        return None
    return not (row["reason"] == FailureClass.MODEL_GONE.value and row["state"] == "open")


def _capabilities(card: ModelCard) -> View:
    chat, sees = card.operation is Operation.CHAT, card.takes
    return {
        "completion": chat,
        "chat": chat,
        "embeddings": card.operation is Operation.EMBED,
        "reasoning": card.reasoning,
        "tools": card.tools,
        "structured_output": card.structured,
        "streaming": chat,
        "vision": Modality.IMAGE in sees,
        "audio": Modality.AUDIO in sees,
        "video": Modality.VIDEO in sees,
        "pdf": Modality.PDF in sees,
        "image_generation": card.operation is Operation.IMAGE or (chat and Modality.IMAGE in card.gives),
        "video_generation": card.operation is Operation.VIDEO,
        "tts": card.operation is Operation.SPEAK,
        "transcription": card.operation is Operation.TRANSCRIBE,
        "ocr": card.operation is Operation.READ,
        "rerank": card.operation is Operation.RERANK,
        "moderation": card.operation is Operation.MODERATE,
    }


def _metadata(engine: Engine, card: ModelCard, place: Place, able: Mapping[str, bool | None]) -> View:
    free = place.costs_nothing(card)
    limits = {name: value for name in ("rpm", "rpd", "tpm", "tpd") if (value := getattr(card.limits, name))}
    tags = sorted({name for name, on in able.items() if on} | ({"free"} if free else set()))
    return {
        "canonical_id": card.name,
        "route_id": f"{card.provider}::{card.id}",
        "model_type": card.operation.value,
        "context_window": card.context,
        "max_output_tokens": card.max_output,
        "input_modalities": sorted(kind.value for kind in card.takes),
        "output_modalities": sorted(kind.value for kind in card.gives),
        "capability_tags": [*tags, "local"] if card.local else tags,
        "supports_tools": card.tools,
        "supports_structured_output": card.structured,
        "free": free,
        "pricing_tier": "free" if free else "paid",
        "cost": _cost(card, free=free),
        "price": {"input": card.price.input, "output": card.price.output, "unit": "USD per million tokens"},
        "limits": limits,
        "local": card.local,
        "leaves_machine": card.leaves_machine or not card.local,
        "lifecycle": card.status.value,
        "successor": card.successor or None,
        "same_as": card.same_as or model_key(card.id),
        "strength": card.strength,
        "continues": card.continues.value,
        "source": "provider listing" if card.listed else "catalogue",
        "note": card.note or None,
        "listed": card.listed,
        "listed_at": engine.catalog.listed_at(card.provider),
        "available": not place.unusable,
        "unavailable_reason": place.unusable or None,
    }


def _cost(card: ModelCard, *, free: bool) -> str:
    if card.local or free:
        return "local" if card.local else "free"
    return "unknown" if card.price.output is None else "paid"


# What a tier demands of a card, as the capability that shows it.
_NEEDS = {"image": "vision", "structured": "structured_output"}


def _virtual(engine: Engine) -> Iterator[View]:
    rules = engine.setup.rules
    yield from (_tier(engine, tier) for tier in {**TIERS, **rules.tiers}.values())
    yield from (_alias(alias) for alias in rules.aliases.values())


def _tier(engine: Engine, tier: Tier) -> View:
    needs = sorted(_NEEDS.get(word, word) for word in tier.needs)
    chosen = [card for card in _choosable(engine) if all(_capabilities(card)[need] for need in needs)]
    explained = {
        "virtual": True,
        "description": tier.says,
        "required_capabilities": needs,
        "aliases": list(tier.aliases),
        "prefer": list(tier.prefer),
        "available_candidates": len(chosen),
        "input_modalities": sorted({kind.value for card in chosen for kind in card.takes} | {"text"}),
    }
    largest = max((card.context or 0 for card in chosen), default=0)
    return _made_up(tier.name, explained, {"completion": True, "chat": True} | dict.fromkeys(needs, True), largest)


def _choosable(engine: Engine) -> list[ModelCard]:
    """Chat models that a tier may choose among now, health apart."""
    rules = engine.setup.rules
    pays = rules.allow_paid and rules.paid_by_default
    return [
        card
        for place in engine.usable()
        for card in engine.catalog.of(place.provider.name)
        if card.operation is Operation.CHAT
        and card.status is not Status.RETIRED
        and (pays or place.costs_nothing(card))
        and not _not_installed(engine, card)
    ]


def _alias(alias: Alias) -> View:
    explained = {
        "virtual": True,
        "alias": True,
        "description": f"asks {', then '.join(alias.models)}, and nothing else",
        "models": list(alias.models),
        "input_modalities": ["text"],
    }
    return _made_up(alias.name, explained, {"completion": True, "chat": True}, 0)


def _made_up(name: str, explained: View, able: View, window: int) -> View:
    tags = sorted(name for name, on in able.items() if on)
    return {
        "id": name,
        "alt_id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": OURS,
        "context_window": window or None,
        "capabilities": able,
        "metadata": explained | {"capability_tags": tags, "output_modalities": ["text"]},
        "permission": _PERMISSION,
        "root": name,
        "parent": None,
    }
