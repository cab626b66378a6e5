"""The engine as plain JSON, for routes and commands alike: models, providers, plans, health, statistics."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from wallascli import __version__
from wallascli.engine.core import Engine
from wallascli.engine.model_filters import Filters, View
from wallascli.engine.model_views import model_view, models_view
from wallascli.providers.base import Auth, Signup
from wallascli.routing.candidate import Candidate, Place, Plan, Refused
from wallascli.routing.circuit import State
from wallascli.routing.cooling import Verdict
from wallascli.vocab.models import Modality, ModelCard, Operation, Status

__all__ = [
    "Filters",
    "View",
    "explain_view",
    "health_view",
    "model_view",
    "models_view",
    "providers_view",
    "stats_view",
]


# -- providers


def providers_view(engine: Engine) -> list[View]:
    """Every provider that we know how to ask, whether or not this user can ask it."""
    now = time.time()
    usable = {place.provider.name for place in engine.usable()}
    return [_provider(engine, place, now, place.provider.name in usable) for place in engine.places.values()]


def _provider(engine: Engine, place: Place, now: float, usable: bool) -> View:
    row = place.provider
    cards = [card for card in engine.catalog.of(row.name) if card.status is not Status.RETIRED]
    chats = [card for card in cards if card.operation is Operation.CHAT]
    unusable = "" if usable else place.unusable or "does not answer"
    return {
        "id": row.name,
        "object": "provider",
        "title": row.title,
        "base_url": _without_credentials(row.base_url),
        "wire": row.wire.name,
        "requires_auth": not row.keyless and row.auth is not Auth.NONE,
        "auth_env_key": row.key_env[0] if row.key_env else None,
        "env": list(row.key_env),
        "keys": [str(key) for key in place.keys],
        "usable": not unusable,
        "unusable_reason": unusable or None,
        "unusable_kind": (place.unusable_kind if place.unusable else "unreachable") if unusable else None,
        "local": row.local,
        "retired": row.retired or None,
        "pricing": _pricing(place, chats),
        "free": row.signup.free or None if row.signup else None,
        "signup": _signup(row.signup),
        "trains_on_prompts": row.trains.value,
        "quota_per_account": row.quota_per_account,
        "models": len(cards),
        "chat_models": len(chats),
        "free_models": sum(place.costs_nothing(card) for card in cards),
        "listed_at": engine.catalog.listed_at(row.name),
        "circuit": _circuit(engine, place, now),
        **_supports(chats),
    }


def _without_credentials(url: str) -> str:
    """An address as it may be shown: some put a name and a password, or a key, into it (P7)."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _supports(chats: list[ModelCard]) -> View:
    takes = {kind for card in chats for kind in card.takes}
    return {
        "supports_streaming": True,
        "supports_vision": Modality.IMAGE in takes,
        "supports_audio": Modality.AUDIO in takes,
        "supports_native_files": Modality.PDF in takes,
        "supports_tools": any(card.tools for card in chats),
        "max_context_hint": max((card.context or 0 for card in chats), default=0) or None,
        "input_modalities": sorted(kind.value for kind in takes),
        "output_modalities": sorted({kind.value for card in chats for kind in card.gives}),
    }


def _pricing(place: Place, chats: list[ModelCard]) -> str | None:
    kinds = {"free" if place.costs_nothing(card) else "paid" for card in chats}
    return None if not kinds else kinds.pop() if len(kinds) == 1 else "mixed"


def _signup(signup: Signup | None) -> View | None:
    if signup is None:
        return None
    return {
        "url": signup.url,
        "minutes": signup.minutes,
        "free": signup.free or None,
        "card_needed": signup.card_needed,
        "note": signup.note or None,
    }


def _circuit(engine: Engine, place: Place, now: float) -> View:
    """Of the provider as a whole, with all its keys."""
    name = place.provider.name
    return _state(engine.health.verdict(name, "", [key.fingerprint for key in place.keys], now), now)


def _state(verdict: Verdict, now: float) -> View:
    return {
        "state": verdict.state.value,
        "reason": verdict.reason.value if verdict.reason else None,
        "until": verdict.until or None,
        "seconds": round(max(0.0, verdict.until - now), 1) if verdict.state is State.OPEN else 0.0,
        "message": verdict.message or None,
    }


# -- a plan


def explain_view(plan: Plan) -> View:
    """Who would be asked, in order, with the terms of each score; and who would not, and why."""
    return {
        "requested_profile": plan.asked,
        "profile": plan.profile,
        "signals": list(plan.signals),
        "candidates": [_candidate(candidate) for candidate in plan.candidates],
        "rejected": [_rejected(refused) for refused in plan.refused],
    }


def _candidate(candidate: Candidate) -> View:
    terms = [
        {
            "name": term.name,
            "value": round(term.value, 4),
            "weight": term.weight,
            "points": round(term.points, 4),
            "why": term.why,
        }
        for term in candidate.terms
    ]
    return {
        "provider": candidate.provider.name,
        "id": candidate.card.id,
        "score": round(candidate.score, 4),
        "terms": terms,
        "why": candidate.why,
        "last_resort": candidate.last_resort,
    }


def _rejected(refused: Refused) -> View:
    provider, _, model = refused.name.partition(":")
    return {
        "provider": provider,
        "id": model,
        "reason": refused.reason,
        "kind": refused.kind,
        "until": refused.until,
    }


# -- how things stand


def health_view(engine: Engine, *, draining: bool = False) -> tuple[View, int]:
    """The body of ``GET /health`` and its HTTP status.

    ``degraded``: somebody is configured, but nobody may be asked at this moment.
    """
    now = time.time()
    places = engine.usable()
    chats = [
        (place, card)
        for place in places
        for card in engine.catalog.of(place.provider.name)
        if card.operation is Operation.CHAT and card.status is not Status.RETIRED
    ]
    usable = sum(_awake(engine, place, card, now) for place, card in chats)
    known = sum(card.operation is Operation.CHAT for card in engine.catalog.all())
    status = "draining" if draining else "unconfigured" if not places else "ok" if usable else "degraded"
    asleep = [p.provider.name for p in places if _circuit(engine, p, now)["state"] == State.OPEN.value]
    body: dict[str, Any] = {
        "status": status,
        "version": __version__,
        "candidates": {"usable": usable, "known": known},
        "providers": {"usable": [p.provider.name for p in places], "asleep": asleep},
        "warnings": list(engine.warnings),
    }
    return body, 200 if status in ("ok", "degraded") else 503


def _awake(engine: Engine, place: Place, card: ModelCard, now: float) -> bool:
    rules = engine.setup.rules
    if not (rules.allow_paid or place.costs_nothing(card)):
        return False
    prints = [key.fingerprint for key in place.keys]
    return engine.health.verdict(card.provider, card.id, prints, now).may_ask


def stats_view(engine: Engine) -> View:
    """Every candidate with a past, and what sleeps beside them; the moment in epoch seconds."""
    return {"object": "list", "circuits": engine.stats(), "timestamp": time.time()}
