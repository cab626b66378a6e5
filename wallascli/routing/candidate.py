"""One place to ask, with the reasons for its rank."""

from __future__ import annotations

from dataclasses import dataclass, field

from wallascli.providers.base import Provider
from wallascli.routing.score import Grounds, Term
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.models import ModelCard
from wallascli.vocab.secret import Secret


@dataclass(frozen=True, slots=True)
class Place:
    """A provider as this user has it. ``unusable`` says why it cannot be asked, empty if it can.

    ``free``: the operator vouches that it costs nothing.
    """

    provider: Provider
    keys: tuple[Secret, ...] = ()
    free: bool = False
    unusable: str = ""
    unusable_kind: str = "key"

    def costs_nothing(self, card: ModelCard) -> bool:
        """Whether one of its models is free for this user; an unknown price is not (P5)."""
        return bool(card.free or card.local or self.free or self.provider.free_models)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model at a provider, as this request would ask it."""

    provider: Provider
    card: ModelCard
    keys: tuple[Secret, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)
    retries: int = 1
    named: bool = False
    """The caller named this model (alone, in a list or through an alias), the router did not choose it."""
    score: float = 0.0
    grounds: Grounds | None = None
    why: str = ""
    last_resort: bool = False
    """Its circuit is open: asked only when everybody else has failed (P1)."""

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def terms(self) -> tuple[Term, ...]:
        """The parts of its score; made when somebody looks, as each request has a hundred candidates."""
        return self.grounds.terms() if self.grounds else ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A place that is not asked, and why, in words."""

    name: str
    reason: str
    kind: str = ""
    """``quota paid privacy key rejected needs window retired disabled gone unknown other``: what kind of no."""
    until: float | None = None
    """When it ends, in epoch seconds, where that is known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered places to try. ``profile`` is the tier that chose, or ``none`` for a named model."""

    asked: str
    profile: str
    candidates: tuple[Candidate, ...]
    refused: tuple[Refused, ...] = ()
    signals: tuple[str, ...] = ()
    total: float = 300.0
    """Seconds until the first content must have been sent."""
