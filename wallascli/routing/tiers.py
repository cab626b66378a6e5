"""The virtual models: rules over model cards, never lists of names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from wallascli.routing.needs import Needs
from wallascli.vocab.failures import Misconfigured
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

    def preference(self, card: ModelCard) -> float:
        """1 for what matches the first pattern, 0 for what matches none."""
        if not self.prefer:
            return 0.0
        rank = next((i for i, pattern in enumerate(self.prefer) if fnmatchcase(card.name, pattern)), None)
        return 0.0 if rank is None else 1.0 - rank / len(self.prefer)


def _balanced(card: ModelCard, needs: Needs) -> float:
    """Hard questions weigh quality fully; for easy ones a middling model is nearly as good as the best."""
    enough = 0.45 + 0.55 * needs.difficulty
    fit = 0.85 * min(1.0, card.strength / enough) + 0.15 * card.strength
    return fit * 0.5 if needs.reasoning and card.reasoning is False else fit


def _strength(card: ModelCard, needs: Needs) -> float:
    return card.strength


def _reasoner(card: ModelCard, needs: Needs) -> float:
    return card.strength if card.reasoning else card.strength * 0.5


def _coder(card: ModelCard, needs: Needs) -> float:
    return min(1.0, card.strength + (0.25 if _CODER.search(card.id) else 0.0))


def _widest_input(card: ModelCard, needs: Needs) -> float:
    return len(card.takes) / len(Modality) * 0.8 + card.strength * 0.2


def _largest_window(card: ModelCard, needs: Needs) -> float:
    """From 8 K tokens (0) to 2 M (1), by octaves; of equal windows the stronger model."""
    octaves = math.log2(max(1, card.context or 8_192) / 8_192) / 8
    return 0.9 * min(1.0, max(0.0, octaves)) + 0.1 * card.strength


_QUALITY = {
    "fit": 0.6,
    "first": 0.03,
    "speed": 0.03,
    "success": 0.2,
    "price": 0.06,
    "quota": 0.05,
    "sticky": 0.1,
    "explore": 0.02,
}
_EVEN = _QUALITY | {"fit": 0.35, "first": 0.15, "speed": 0.1, "success": 0.25, "price": 0.2, "quota": 0.1}
_FAST = _EVEN | {
    "fit": 0.1,
    "first": 0.5,
    "speed": 0.15,
    "success": 0.2,
    "quota": 0.15,
    "sticky": 0.02,
    "explore": 0.05,
}
# Half of it is more than everything else together: no paid model before a free one.
_FREE_FIRST = {"price": 2.4}
# So does one step in an order of the user's own.
_STEP = 3.0

TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier("auto", "the best for this request available now, free first", _EVEN | _FREE_FIRST, _balanced),
        Tier("rapido", "the lowest measured time to the first token", _FAST, _strength, aliases=("fast", "quick")),
        Tier(
            "standard",
            "a balance of quality, speed and cost",
            _EVEN | {"speed": 0.15},
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
            _EVEN | _FREE_FIRST,
            _strength,
            frozenset({"image"}),
            ("vision", "see", "ver"),
        ),
        Tier("codigo", "writing and reading programs", _QUALITY, _coder, aliases=("code", "coding", "programar")),
        Tier("multimodal", "the widest native input", _QUALITY | {"quota": 0.1}, _widest_input),
        Tier(
            "contexto-largo",
            "the largest context window",
            _QUALITY | {"quota": 0.1},
            _largest_window,
            aliases=("long-context", "contexto", "long"),
        ),
    )
}
_BY_NAME = TIERS | {alias: tier for tier in TIERS.values() for alias in tier.aliases}

# What a tier of the user's own may demand, in the words of the catalogue; and other words for the same.
DEMANDS = frozenset({"tools", "structured", "reasoning", "image", "audio", "video", "pdf"})
_SAME_DEMAND = {
    "vision": "image",
    "images": "image",
    "json_schema": "structured",
    "structured_output": "structured",
    "thinking": "reasoning",
    "functions": "tools",
}


def tier_named(name: str) -> Tier | None:
    """By name or alias, in any case."""
    return _BY_NAME.get(name.lower())


def own_tier(name: str, needs: tuple[str, ...], prefer: tuple[str, ...]) -> Tier:
    """A virtual model of the user's own: a rule, and where wanted an order. Raises ``Misconfigured``."""
    demands = frozenset(_SAME_DEMAND.get(word, word) for word in needs)
    if unknown := sorted(demands - DEMANDS):
        raise Misconfigured(
            f"The tier {name!r} needs {unknown[0]!r}, which is nothing that a model can do.",
            hint=f"known: {', '.join(sorted(DEMANDS))} (config.toml, [tiers.{name}])",
        )
    weights = _EVEN | _FREE_FIRST | {"prefer": _STEP * len(prefer)}
    return Tier(name, "of the user's own", weights, _balanced, demands, (), prefer)
