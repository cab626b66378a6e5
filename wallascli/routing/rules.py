"""What the user's settings say about choosing, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wallascli.providers.base import Provider
from wallascli.routing.tiers import Tier
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.policy import Privacy

# Who stands in for a name when nobody serves that model (design 3.4): the first pattern that matches counts.
# The classes follow how the makers position their models in 2026-11: small and fast, reasoning, everything else.
CLASSES: tuple[tuple[str, str], ...] = (
    ("*codex*", "codigo"),
    ("*coder*", "codigo"),
    ("o[0-9]*", "razonamiento"),
    ("*-r1*", "razonamiento"),
    ("*opus*", "razonamiento"),
    ("*fable*", "razonamiento"),
    ("*-mini*", "rapido"),
    ("*-nano*", "rapido"),
    ("*-luna*", "rapido"),
    ("*flash-lite*", "rapido"),
    ("*haiku*", "rapido"),
    ("*-pro*", "razonamiento"),
    ("gpt-*", "auto"),
    ("chatgpt-*", "auto"),
    ("claude-*", "auto"),
    ("gemini-*", "auto"),
    ("*", "auto"),
)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of the user's own: asked in this order, nothing else. ``retries`` None: as everywhere."""

    name: str
    models: tuple[str, ...]
    retries: int | None = None


def _the_defaults(provider: Provider, alias: str) -> Deadlines:
    first = provider.first_byte
    return Deadlines() if first is None else Deadlines(first_byte=first, first_byte_last=first)


@dataclass(frozen=True, slots=True)
class Rules:
    """``deadlines`` tells what binds a provider's row, asked through an alias (empty: through none)."""

    allow_paid: bool = False
    paid_by_default: bool = False
    """The caller's half of the paid switch, where no header can say it (``cost_mode = "allow_paid"``)."""
    privacy: Privacy = Privacy.ANY
    substitute: bool = True
    deadlines: Callable[[Provider, str], Deadlines] = _the_defaults
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    classes: tuple[tuple[str, str], ...] = CLASSES
    retries: int = 1
