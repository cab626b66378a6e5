"""The prior puts models into an order that nobody would laugh at."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.routing.shipped import shipped_cards
from wallascli.routing.strength import prior
from wallascli.vocab.models import Operation, Price, Status

STRENGTH = {
    card.same_as: card.strength
    for card in shipped_cards()
    if card.operation is Operation.CHAT and card.status is not Status.RETIRED
}


@pytest.mark.parametrize(
    "order",
    [
        ["gpt-6-astra", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-luna", "gpt-4o-mini"],
        ["claude-fable-5.1", "claude-opus-5.5", "claude-sonnet-5.5", "claude-haiku-5.5"],
        [
            "gemini-4-argon",
            "gemini-3.8-flash",
            "gemini-3.5-flash-lite",
            "gemini-3.1-flash-lite",
            "gemini-2.5-flash-lite",
        ],
        [
            "glm-5.3",
            "nemotron-3-ultra-550b",
            "qwen3.8-27b",
            "gpt-oss-120b",
            "gpt-oss-20b",
            "llama-3.3-70b",
            "llama-3.1-8b",
        ],
        ["mistral-large-4.0", "mistral-small-4", "ministral-14b-2512", "ministral-8b-2512", "ministral-3b-2512"],
        ["nemotron-3-ultra-550b", "nemotron-3-super-120b", "nemotron-3-nano-30b"],
    ],
)
def test_the_better_model_is_stronger(order: list[str]) -> None:
    strengths = [STRENGTH[key] for key in order]
    assert all(better > worse for better, worse in pairwise(strengths)), dict(zip(order, strengths, strict=True))


def test_more_parameters_more_money_and_thinking_help() -> None:
    assert prior("acme-70b") > prior("acme-8b")
    assert prior("acme-120b", model_id="acme-120b-a12b") < prior("acme-120b")
    assert prior("acme", Price(3, 15)) > prior("acme", Price(0.1, 0.4))
    assert prior("acme-70b", reasoning=True) > prior("acme-70b", reasoning=False)


def test_who_is_unknown_is_neither_first_nor_last() -> None:
    assert min(STRENGTH.values()) < prior("never-heard-of") < 0.5


def test_a_newer_version_of_the_same_is_stronger() -> None:
    assert prior("qwen3.8-27b") > prior("qwen3-27b")
    assert prior("llama-4-70b") > prior("llama-3.1-70b")


@given(st.text(max_size=40), st.floats(0, 1000), st.floats(0, 1000), st.booleans())
def test_it_is_always_a_share_of_one(key: str, paid: float, answered: float, reasoning: bool) -> None:
    assert 0 < prior(key, Price(paid, answered), reasoning=reasoning) < 1
