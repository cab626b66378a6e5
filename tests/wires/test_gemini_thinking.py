"""How much a Gemini model is asked to think, by its name."""

from __future__ import annotations

import pytest

from tests.wires.gemini_asked import NEW, OLD, asked
from wallascli.vocab.chat import (
    Json,
    Reasoning,
)


@pytest.mark.parametrize(
    ("to", "wish", "sent"),
    [
        (OLD, Reasoning("none"), {"thinkingBudget": 0}),
        (OLD, Reasoning("minimal"), {"thinkingBudget": 1024, "includeThoughts": True}),
        (OLD, Reasoning("medium"), {"thinkingBudget": 8192, "includeThoughts": True}),
        (OLD, Reasoning("high", show=False), {"thinkingBudget": 24576}),
        (OLD, Reasoning(budget=-1), {"thinkingBudget": -1, "includeThoughts": True}),
        (OLD, Reasoning(budget=0), {"thinkingBudget": 0}),
        (OLD, Reasoning(show=True), {"includeThoughts": True}),
        ("gemini-2.5-pro", Reasoning(budget=30000), {"thinkingBudget": 30000, "includeThoughts": True}),
        (NEW, Reasoning("minimal"), {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        (NEW, Reasoning("low"), {"thinkingLevel": "LOW", "includeThoughts": True}),
        (NEW, Reasoning("xhigh"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.8-flash", Reasoning("minimal"), {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", Reasoning("minimal"), {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.1-flash-lite", Reasoning("minimal"), {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-4-argon", Reasoning("medium"), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-flash-latest", Reasoning("high"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemma-4-31b-it", Reasoning("low"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        (NEW, Reasoning(), None),
        (NEW, Reasoning(show=False), None),
        (NEW, Reasoning(budget=-1), None),
        ("gemini-2.0-flash", Reasoning(show=False), None),
    ],
    ids=str,
)
def test_thinking_is_asked_for_as_the_model_knows_it(to: str, wish: Reasoning, sent: Json | None) -> None:
    rendered = asked(to=to, reasoning=wish)
    assert rendered.body.get("generationConfig") == (None if sent is None else {"thinkingConfig": sent})
    assert rendered.dropped == ()


@pytest.mark.parametrize(
    ("to", "wish", "sent", "dropped"),
    [
        ("gemini-2.5-pro", Reasoning("none"), {"thinkingBudget": 128}, "reasoning_effort"),
        ("gemini-2.5-pro", Reasoning(budget=0), {"thinkingBudget": 128}, "reasoning.max_tokens"),
        (OLD, Reasoning(budget=31999), {"thinkingBudget": 24576, "includeThoughts": True}, "reasoning.max_tokens"),
        (
            "gemini-2.5-flash-lite",
            Reasoning(budget=100),
            {"thinkingBudget": 512, "includeThoughts": True},
            "reasoning.max_tokens",
        ),
        (NEW, Reasoning("none"), {"thinkingLevel": "MINIMAL"}, "reasoning_effort"),
        (NEW, Reasoning(budget=8000), {"thinkingLevel": "MEDIUM", "includeThoughts": True}, "reasoning.max_tokens"),
        (NEW, Reasoning("curious"), None, "reasoning_effort"),
        (OLD, Reasoning("curious"), None, "reasoning_effort"),
        ("gemini-2.0-flash", Reasoning("high"), None, "reasoning"),
        ("gemini-2.5-flash-image", Reasoning(budget=100), None, "reasoning"),
        ("gemma-3-27b-it", Reasoning(show=True), None, "reasoning"),
    ],
    ids=str,
)
def test_what_a_model_cannot_think_is_named(to: str, wish: Reasoning, sent: Json | None, dropped: str) -> None:
    rendered = asked(to=to, reasoning=wish)
    assert rendered.body.get("generationConfig") == (None if sent is None else {"thinkingConfig": sent})
    assert dropped in rendered.dropped
