"""How much a Gemini model is asked to think: which knob it has, by its name, as data.

2.5 counts tokens (``thinkingBudget``), later ones know levels, older ones and picture models answer a 400 to
either. Sources: providers.md section 1 (pydantic-ai's live probes to 2026-11-10), Google's pages for 3.5 and 3.7
Flash, Google's table of ``reasoning_effort`` for its OpenAI-compatible endpoint (1,024 / 8,192 / 24,576 tokens).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wallascli.vocab.chat import Reasoning

_TOKENS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_UP_FROM_LOW = {"low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "HIGH", "max": "HIGH"}
_FOUR = {"none": "MINIMAL", "minimal": "MINIMAL"} | _UP_FROM_LOW
_THREE = {"none": "LOW", "minimal": "LOW"} | _UP_FROM_LOW
_TWO = dict.fromkeys(_UP_FROM_LOW, "HIGH") | {"none": "MINIMAL", "minimal": "MINIMAL"}


@dataclass(frozen=True, slots=True)
class _Knob:
    """``levels`` by effort, or a budget between ``least`` and ``most`` tokens, or (both empty) nothing at all."""

    names: str
    levels: Mapping[str, str] | None = None
    least: int = 0
    most: int = 0


# The first whose ``names`` is found in the model's name; ``-latest`` and unknown ones are taken for the newest.
_KNOBS = (
    _Knob(r"^gemini-(1|2\.0)|^gemma-[123]|gemini-2\.5.*(image|tts)"),
    _Knob(r"^gemini-2\.5.*pro", least=128, most=32768),
    _Knob(r"^gemini-2\.5.*flash-lite", least=512, most=24576),
    _Knob(r"^gemini-2\.5", most=24576),
    _Knob(r"^gemma-", levels=_TWO),
    _Knob(r"^gemini-3(\.[156])?-flash", levels=_FOUR),
    _Knob(r"", levels=_THREE),
)


def thinking(wish: Reasoning, model: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The ``thinkingConfig``, empty if nothing is to be said, and what it could not say."""
    knob = next(knob for knob in _KNOBS if re.search(knob.names, model))
    if not knob.levels and not knob.most:
        return {}, ("reasoning",) if wish.effort or wish.budget is not None or wish.show else ()
    config, lost = _levels(wish, knob.levels) if knob.levels else _budget(wish, knob)
    silent = wish.effort == "none" or (not wish.effort and wish.budget in (0, None))
    if wish.show or (wish.show is None and config and not silent):
        config["includeThoughts"] = True
    return config, lost


def _levels(wish: Reasoning, levels: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    effort = wish.effort
    if not effort and wish.budget is not None:
        effort = _effort(wish.budget)
    if not effort:
        return {}, ()
    lost = ("reasoning.max_tokens",) if wish.budget is not None else ()
    # Thinking cannot be switched off any more, so "none" is not what happens.
    if effort == "none" or effort not in levels:
        lost = ("reasoning_effort", *lost)
    return ({"thinkingLevel": levels[effort]} if effort in levels else {}), lost


def _effort(budget: int) -> str:
    """The effort whose budget is the next larger; -1 leaves it to the model, which is what saying nothing does."""
    if budget < 0:
        return ""
    return next((effort for effort, tokens in _TOKENS.items() if budget <= tokens), "high")


def _budget(wish: Reasoning, knob: _Knob) -> tuple[dict[str, Any], tuple[str, ...]]:
    tokens = wish.budget if wish.budget is not None else _TOKENS.get(wish.effort)
    if tokens is None:
        return {}, ("reasoning_effort",) if wish.effort else ()
    off = tokens == 0 and knob.least != 128  # only 2.5 Pro cannot be switched off
    fits = tokens if off or tokens == -1 else min(max(tokens, knob.least), knob.most)
    name = "reasoning.max_tokens" if wish.budget is not None else "reasoning_effort"
    return {"thinkingBudget": fits}, () if fits == tokens else (name,)
