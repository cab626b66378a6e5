"""The virtual models: rules over model cards, never lists of names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from wallascli.routing.needs import Needs
from wallascli.vocab.models import Modality, ModelCard

Fit = Callable[[ModelCard, Needs], float]

# Makers name what they train for programming; no listing has a flag for it (catalogue of 2026-11).
_CODER = re.compile(r"cod(?:e|er|ing|estral)|devstral|codex|laguna", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tier:
    """``weights`` of the score's terms, ``needs`` beyond what the request itself shows, ``fit`` 0..1.

    ``prefer`` (own tiers only) are patterns of exact names, best first.
    """

    name: str
    says: str
    weights: Mapping[str, float]
    fit: Fit
    needs: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    prefer: tuple[str, ...] = field(default=())


def _strength(card: ModelCard, needs: Needs) -> float:
    return card.strength


def _balanced(card: ModelCard, needs: Needs) -> float:
    """Hard questions weigh quality fully; for easy ones a middling model is as good as the best."""
    enough = 0.45 + 0.55 * needs.difficulty
    return min(1.0, card.strength / enough)


def _reasoner(card: ModelCard, needs: Needs) -> float:
    return card.strength if card.reasoning else card.strength * 0.5


def _coder(card: ModelCard, needs: Needs) -> float:
    return min(1.0, card.strength + (0.25 if _CODER.search(card.id) else 0.0))


def _widest_input(card: ModelCard, needs: Needs) -> float:
    return len(card.takes) / len(Modality) * 0.8 + card.strength * 0.2


def _largest_window(card: ModelCard, needs: Needs) -> float:
    """From 8 K tokens (0) to 2 M (1), by octaves."""
    return min(1.0, max(0.0, math.log2((card.context or 8_192) / 8_192) / 8))


_QUALITY = {
    "fit": 0.55,
    "first": 0.05,
    "speed": 0.05,
    "success": 0.2,
    "price": 0.15,
    "sticky": 0.1,
    "explore": 0.02,
}
_EVEN = {"fit": 0.35, "first": 0.15, "speed": 0.1, "success": 0.25, "price": 0.15, "sticky": 0.1, "explore": 0.03}
_FAST = {"fit": 0.1, "first": 0.5, "speed": 0.15, "success": 0.2, "price": 0.1, "sticky": 0.02, "explore": 0.05}

TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier("auto", "the best for this request available now, free first", _EVEN, _balanced),
        Tier("rapido", "the lowest measured time to the first token", _FAST, _strength, aliases=("fast", "quick")),
        Tier(
            "standard",
            "a balance of quality, speed and cost",
            _EVEN | {"fit": 0.3, "speed": 0.15},
            _strength,
            aliases=("equilibrado", "balanced", "estandar"),
        ),
        Tier(
            "razonamiento",
            "reasoning models, quality first",
            _QUALITY,
            _reasoner,
            frozenset({"reasoning"}),
            ("reasoning", "think", "razonar"),
        ),
        Tier(
            "agentico",
            "reliable at several tool calls per turn",
            _QUALITY | {"success": 0.35, "sticky": 0.2},
            _reasoner,
            frozenset({"tools"}),
            ("agent", "agentic", "agente"),
        ),
        Tier(
            "vista",
            "models that see images, free first",
            _EVEN,
            _strength,
            frozenset({"image"}),
            ("vision", "see", "ver"),
        ),
        Tier("codigo", "writing and reading programs", _QUALITY, _coder, aliases=("code", "coding", "programar")),
        Tier("multimodal", "the widest native input", _QUALITY, _widest_input),
        Tier(
            "contexto-largo",
            "the largest context window",
            _QUALITY,
            _largest_window,
            aliases=("long-context", "contexto", "long"),
        ),
    )
}
_BY_NAME = TIERS | {alias: tier for tier in TIERS.values() for alias in tier.aliases}


def tier_named(name: str) -> Tier | None:
    """By name or alias, in any case."""
    return _BY_NAME.get(name.lower())


def own_tier(name: str, needs: tuple[str, ...], prefer: tuple[str, ...]) -> Tier:
    """A virtual model of the user's own: a rule, and where wanted an order."""

    def fit(card: ModelCard, asked: Needs) -> float:
        if not prefer:
            return _balanced(card, asked)
        rank = next((i for i, pattern in enumerate(prefer) if fnmatchcase(card.name, pattern)), len(prefer))
        return 1.0 - rank / (len(prefer) + 1)

    return Tier(name, "of the user's own", _QUALITY, fit, frozenset(needs), (), prefer)
