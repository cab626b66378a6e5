"""The snapshot of the catalogue that comes with the package: what is known before anybody was asked.

``catalogue.json`` is made by ``tools/catalogue.py``: grouped by provider, one model a line, what is usual left
out (a model that is called as it is keyed has no ``same_as``). ``successor`` is a key too, see ``names``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

from wallascli.vocab.models import Continuation, Limits, Modality, ModelCard, Operation, Price, Status

CATALOGUE = Path(__file__).with_name("catalogue.json")

# What an operation gives unless its card says otherwise. Vectors and scores are no modality.
GIVES: dict[Operation, frozenset[str]] = {
    Operation.CHAT: frozenset({"text"}),
    Operation.EMBED: frozenset(),
    Operation.IMAGE: frozenset({"image"}),
    Operation.VIDEO: frozenset({"video"}),
    Operation.SPEAK: frozenset({"audio"}),
    Operation.TRANSCRIBE: frozenset({"text"}),
    Operation.READ: frozenset({"text"}),
    Operation.RERANK: frozenset(),
    Operation.MODERATE: frozenset(),
    Operation.MUSIC: frozenset({"audio"}),
}
_OPERATIONS = {operation.value: operation for operation in Operation}
_STATUSES = {status.value: status for status in Status}
_CONTINUATIONS = {means.value: means for means in Continuation}
_NO_LIMITS, _NO_PRICE = Limits(), Price()


@cache
def shipped_cards() -> tuple[ModelCard, ...]:
    """All of them, in the order of the file. Read once, at the first call (2 to 4 ms)."""
    return read_cards(CATALOGUE.read_bytes())


def read_cards(file: bytes) -> tuple[ModelCard, ...]:
    """The cards in a catalogue file."""
    groups: dict[str, dict[str, Any]] = orjson.loads(file)["providers"]
    return tuple(
        _card(provider, model, fields, group["source"])
        for provider, group in groups.items()
        for model, fields in group["models"].items()
    )


def _card(provider: str, model: str, fields: dict[str, Any], source: str) -> ModelCard:
    operation = _OPERATIONS[fields.get("operation", "chat")]
    gives = fields.get("gives")
    limits, price = fields.get("limits"), fields.get("price")
    return ModelCard(
        provider,
        model,
        operation,
        _STATUSES[fields.get("status", "live")],
        fields.get("context"),
        fields.get("max_output"),
        _modalities(fields.get("takes", "text")),
        _modalities(" ".join(GIVES[operation]) if gives is None else gives),
        fields.get("tools"),
        fields.get("structured"),
        fields.get("reasoning"),
        fields.get("free"),
        Price(*price) if price else _NO_PRICE,
        Limits(**limits) if limits else _NO_LIMITS,
        fields.get("local", False),
        fields.get("leaves_machine", False),
        fields.get("same_as", model),
        fields.get("successor", ""),
        fields.get("strength", 0.5),
        _CONTINUATIONS[fields.get("continues", "asked")],
        note="; ".join(text for text in (fields.get("note"), fields.get("source", source)) if text),
    )


@cache
def _modalities(names: str) -> frozenset[Modality]:
    return frozenset(Modality(name) for name in names.split())
