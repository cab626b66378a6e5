"""The score: a short formula of named terms, each 0..1, weighted by the tier and shown by ``explain``."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

from wallascli.routing.averages import Measured
from wallascli.routing.needs import Needs
from wallascli.routing.tiers import Tier
from wallascli.vocab.models import ModelCard

# Until something is measured. Measured figures outweigh it after some samples.
_PRIOR_SUCCESS = 0.9
_PRIOR_WEIGHT = 2.0  # samples
_HALF_FIRST = 1.5  # seconds to the first content that are worth half the points
_HALF_SPEED = 300.0  # characters a second that are
_HALF_PRICE = 2.0  # dollars per million tokens that are worth half of what a paid model can get
_PLENTY = 15_000  # requests a day that nobody uses up
_USUAL_TOKENS = 2_000  # of one request
_UNKNOWN_ROOM = 0.6  # as 300 requests a day
_CREDIT_ROOM = 0.3
_NO_SAMPLES = Measured(None, None, None, None, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a score: ``value`` 0..1, already turned so that more is better, times ``weight``."""

    name: str
    value: float
    weight: float
    why: str = ""

    @property
    def points(self) -> float:
        return self.value * self.weight


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one candidate is judged by. ``quick``: on hardware made for speed; ``sticky``: answered before."""

    card: ModelCard
    tier: Tier
    needs: Needs
    measured: Measured | None
    free: bool
    quick: bool = False
    sticky: bool = False

    def score(self) -> float:
        """The points of all terms."""
        weights = self.tier.weights
        return sum(weights.get(name, 0.0) * value for name, value in self._values().items())

    def terms(self) -> tuple[Term, ...]:
        """Each term with its reason, in the order in which ``explain`` shows them."""
        weights, whys = self.tier.weights, self._whys()
        values = self._values().items()
        return tuple(Term(name, value, weights.get(name, 0.0), whys[name]) for name, value in values)

    def _values(self) -> dict[str, float]:
        first, speed, success, trials = self._estimates()
        return {
            "prefer": self.tier.preference(self.card),
            "fit": self.tier.fit(self.card, self.needs),
            "first": _HALF_FIRST / (_HALF_FIRST + first),
            "speed": speed / (speed + _HALF_SPEED),
            "success": success,
            # A paid model never gets more than half, however cheap it is: free first.
            "price": 1.0 if self.free else 0.5 * _HALF_PRICE / (_HALF_PRICE + _blended(self.card)),
            "quota": room(self.card, self.needs) if self.free else 1.0,
            "sticky": 1.0 if self.sticky else 0.0,
            "explore": 1.0 / (1.0 + trials),
        }

    def _whys(self) -> dict[str, str]:
        first, speed, success, trials = self._estimates()
        return {
            "prefer": "as the settings wish" if self.tier.prefer else "",
            "fit": self.tier.says,
            "first": f"{first:.2f} s to the first content",
            "speed": f"{speed:.0f} characters/s",
            "success": f"{success:.0%} of recent requests",
            "price": "free" if self.free else f"{_blended(self.card):.2f} USD per million tokens",
            "quota": "no published limit is in the way" if not self.free else _limits(self.card),
            "sticky": "answered this conversation before" if self.sticky else "",
            "explore": f"{trials:.1f} recent samples",
        }

    def _estimates(self) -> tuple[float, float, float, float]:
        """Means shrunk towards what is usual by how little is known: (first, speed, success, samples)."""
        seen = self.measured or _NO_SAMPLES
        first, speed = usual(self.card, quick=self.quick)
        return (
            _shrunk(seen.first_content, seen.waits, first),
            _shrunk(seen.speed, seen.speaking, speed),
            _shrunk(seen.success_rate, seen.trials, _PRIOR_SUCCESS),
            seen.trials,
        )


def usual(card: ModelCard, *, quick: bool) -> tuple[float, float]:
    """Seconds to the first content and characters a second that such a model is likely to show.

    A guess that only has to put models into a sensible order until they are measured: a strong model is a large
    one and takes longer, thinking comes before speaking, and this machine is slower than a data centre.
    """
    first = 0.6 + 1.6 * card.strength + (0.5 if card.reasoning else 0.0)
    speed = 450.0 - 300.0 * card.strength
    if quick:
        return first * 0.5, speed * 3.0
    return (first * 1.5, speed * 0.4) if card.local else (first, speed)


def room(card: ModelCard, needs: Needs) -> float:
    """How far a free plan reaches by its published limits: 0.3 for 20 requests a day, 1 for 15,000."""
    limits = card.limits
    if card.local:
        return 1.0
    if limits.tpm is not None and needs.tokens > limits.tpm:
        return 0.0  # more than a whole minute's worth
    daily = [limit for limit in (limits.rpd, limits.tpd and limits.tpd // _USUAL_TOKENS) if limit]
    if daily:
        return min(1.0, log10(min(daily)) / log10(_PLENTY))
    # Free by the row and not by the card: a credit or a trial, soon used up.
    return _UNKNOWN_ROOM if card.free else _CREDIT_ROOM


def _limits(card: ModelCard) -> str:
    if card.local:
        return "no limit on this machine"
    limits = card.limits
    named = (("requests a minute", limits.rpm), ("requests a day", limits.rpd), ("tokens a minute", limits.tpm))
    return ", ".join(f"{limit} {name}" for name, limit in named if limit) or "limits unknown"


def _shrunk(mean: float | None, weight: float, prior: float) -> float:
    if mean is None:
        return prior
    return (mean * weight + prior * _PRIOR_WEIGHT) / (weight + _PRIOR_WEIGHT)


def _blended(card: ModelCard) -> float:
    """Dollars per million tokens, three of input to one of output; unknown counts as dear (P5)."""
    if card.price.input is None or card.price.output is None:
        return 20.0
    return (3 * card.price.input + card.price.output) / 4
