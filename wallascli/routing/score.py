"""The score: a short formula of named terms, each 0..1, weighted by the tier and shown by ``explain``."""

from __future__ import annotations

from wallascli.routing.averages import Measured
from wallascli.routing.candidate import Term
from wallascli.routing.needs import Needs
from wallascli.routing.tiers import Tier
from wallascli.vocab.models import ModelCard

# Until something is measured: what a middling provider shows. Measured figures outweigh it after some samples.
_PRIOR_FIRST = 1.5  # seconds
_PRIOR_SPEED = 250.0  # characters a second
_PRIOR_SUCCESS = 0.9
_PRIOR_WEIGHT = 2.0  # samples
_HALF_FIRST = 1.5  # seconds to the first content that are worth half the points
_HALF_SPEED = 300.0  # characters a second that are
_HALF_PRICE = 2.0  # dollars per million tokens that are


def terms(
    card: ModelCard, tier: Tier, needs: Needs, measured: Measured | None, *, free: bool, sticky: bool
) -> tuple[Term, ...]:
    """In the order in which ``explain`` shows them."""
    first, speed, success, trials = _estimates(measured)
    price = 1.0 if free else _HALF_PRICE / (_HALF_PRICE + _blended(card))
    values = (
        ("fit", tier.fit(card, needs), tier.says),
        ("first", _HALF_FIRST / (_HALF_FIRST + first), f"{first:.2f} s to the first content"),
        ("speed", speed / (speed + _HALF_SPEED), f"{speed:.0f} characters/s"),
        ("success", success, f"{success:.0%} of recent requests"),
        ("price", price, "free" if free else f"{_blended(card):.2f} USD per million tokens"),
        ("sticky", 1.0 if sticky else 0.0, "answered this conversation before" if sticky else ""),
        ("explore", 1.0 / (1.0 + trials), f"{trials:.1f} recent samples"),
    )
    return tuple(Term(name, value, tier.weights.get(name, 0.0), why) for name, value, why in values)


def _estimates(measured: Measured | None) -> tuple[float, float, float, float]:
    """Means shrunk towards the prior by how little is known: (first, speed, success, samples)."""
    if measured is None:
        return _PRIOR_FIRST, _PRIOR_SPEED, _PRIOR_SUCCESS, 0.0
    return (
        _shrunk(measured.first_content, measured.waits, _PRIOR_FIRST),
        _shrunk(measured.speed, measured.speaking, _PRIOR_SPEED),
        _shrunk(measured.success_rate, measured.trials, _PRIOR_SUCCESS),
        measured.trials,
    )


def _shrunk(mean: float | None, weight: float, prior: float) -> float:
    if mean is None:
        return prior
    return (mean * weight + prior * _PRIOR_WEIGHT) / (weight + _PRIOR_WEIGHT)


def _blended(card: ModelCard) -> float:
    """Dollars per million tokens, three of input to one of output; unknown counts as dear (P5)."""
    if card.price.input is None or card.price.output is None:
        return 20.0
    return (3 * card.price.input + card.price.output) / 4
