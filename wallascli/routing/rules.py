"""What the user's settings say about choosing, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wallascli.routing.tiers import Tier
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.policy import Privacy

# Who stands in for a name when nobody serves that model (design 3.4): the first pattern that matches counts.
# The classes follow how the makers position their models in 2026-11: small and fast, reasoning, everything else.
CLASSES: tuple[tuple[str, str], ...] = (
    ("*codex*", "codigo"),
    ("*coder*", "codigo"),
    ("*-mini*", "rapido"),
    ("*-nano*", "rapido"),
    ("*-luna*", "rapido"),
    ("*flash-lite*", "rapido"),
    ("*haiku*", "rapido"),
    ("o[0-9]*", "razonamiento"),
    ("*opus*", "razonamiento"),
    ("*fable*", "razonamiento"),
    ("*-pro*", "razonamiento"),
    ("*r1*", "razonamiento"),
    ("gpt-*", "auto"),
    ("chatgpt-*", "auto"),
    ("claude-*", "auto"),
    ("gemini-*", "auto"),
    ("*", "auto"),
)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of the user's own: asked in this order, nothing else."""

    models: tuple[str, ...]
    deadlines: Deadlines
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """``deadlines`` are the general ones, ``provider_deadlines`` those of single rows."""

    allow_paid: bool = False
    paid_by_default: bool = False
    """The caller's half of the paid switch, where no header can say it (``cost_mode = "allow_paid"``)."""
    privacy: Privacy = Privacy.ANY
    substitute: bool = True
    deadlines: Deadlines = field(default_factory=Deadlines)
    provider_deadlines: Mapping[str, Deadlines] = field(default_factory=dict)
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    classes: tuple[tuple[str, str], ...] = CLASSES
    retries: int = 1

    def deadlines_of(self, provider: str) -> Deadlines:
        return self.provider_deadlines.get(provider, self.deadlines)
