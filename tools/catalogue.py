"""Makes ``wallascli/routing/catalogue.json`` of a source list of models and our overrides.

    python -m tools.catalogue SOURCE.json [OVERRIDES.toml [OUTPUT.json]]

The source is a list of objects with provider, id, kind, status, context_window, …, as the research of November
2026 left it; it is not part of the repository. The output is deterministic: one model a line, defaults left out.
"""

from __future__ import annotations

import re
import statistics
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from wallascli.routing.names import model_key
from wallascli.routing.shipped import GIVES
from wallascli.routing.strength import prior
from wallascli.vocab.models import Continuation, Operation, Price

ROOT = Path(__file__).parent.parent
OVERRIDES = ROOT / "tools/catalogue_overrides.toml"
CATALOGUE = ROOT / "wallascli/routing/catalogue.json"

Card: TypeAlias = dict[str, Any]

_MODALITIES = ("text", "image", "audio", "video", "pdf")
_ACTIVE = re.compile(r"-a\d+b", re.IGNORECASE)
_TRAILING = {"gemini": Continuation.MODEL_TURN}
_ORDER = (
    "operation status context max_output takes gives tools structured reasoning free price limits local "
    "leaves_machine continues same_as successor strength note source"
).split()


def main(arguments: list[str]) -> None:
    source, overrides, output = [*arguments, *("", str(OVERRIDES), str(CATALOGUE))[len(arguments) :]]
    rows = orjson.loads(Path(source).read_bytes())
    wishes = tomllib.loads(Path(overrides).read_text("utf-8"))
    Path(output).write_bytes(render(build(rows, wishes), made=wishes["made"]))


def build(rows: list[dict[str, Any]], overrides: dict[str, Any]) -> dict[str, Card]:
    """All cards by ``provider:id``, with every override laid over them."""
    cards = {f"{row['provider']}:{row['id']}": card_of(row, overrides) for row in rows}
    for name, wish in overrides["more"].items():
        cards[name] = {**cards[wish["like"]], **{k: v for k, v in wish.items() if k != "like"}}
    for group in overrides["retired"]:
        fields = {k: v for k, v in group.items() if k not in ("provider", "ids")}
        for model in group["ids"]:
            cards.setdefault(f"{group['provider']}:{model}", {"status": "retired", **fields})
    for name, fields in overrides["card"].items():
        cards[name] |= fields
    _name_models(cards, overrides)
    _judge(cards, overrides)
    return cards


def card_of(row: dict[str, Any], overrides: dict[str, Any]) -> Card:
    """One row of the source in our words; what is unknown or usual is left out."""
    provider, operation = row["provider"], Operation(row["kind"])
    note = row.get("note") or ""
    card: Card = {
        "operation": operation.value,
        "status": row["status"],
        "context": row["context_window"],
        "max_output": row["max_output_tokens"],
        "takes": _modalities(row["input_modalities"]),
        "gives": _modalities(row["output_modalities"]),
        "tools": row["tools"],
        "structured": row["structured_output"],
        "reasoning": row["reasoning"],
        "limits": {k: v for k, v in (row["limits"] or {}).items() if v is not None},
        "continues": _continues(provider, row.get("prefill")),
        "note": overrides["notes"].get(note, note),
        "source": overrides["sources"].get(row["source"], row["source"]),
        **_cost(row["pricing"]),
    }
    if provider == "ollama":
        cloud = row["id"].endswith(("-cloud", ":cloud"))
        card |= {"leaves_machine": True} if cloud else {"local": True}
    return card


def _modalities(names: list[str]) -> str:
    return " ".join(name for name in _MODALITIES if name in names)


def _continues(provider: str, prefill: object) -> str:
    if prefill == "prefix:true":
        return Continuation.PREFIX_FLAG.value
    means = _TRAILING.get(provider, Continuation.TRAILING_TURN) if prefill is True else Continuation.ASKED
    return means.value


def _cost(pricing: dict[str, Any]) -> Card:
    """A price of nothing that is not free is no price; an unknown price is not "not free" but unknown."""
    paid = (pricing["input_per_mtok"], pricing["output_per_mtok"])
    known = any(price is not None for price in paid) and (pricing["free"] or any(paid))
    cost: Card = {"price": list(paid)} if known else {}
    if pricing["free"] or known:
        cost["free"] = bool(pricing["free"])
    return cost


def _name_models(cards: dict[str, Card], overrides: dict[str, Any]) -> None:
    for name, card in cards.items():
        key = overrides["same_as"].get(name)
        card["same_as"] = model_key(name.partition(":")[2]) if key is None else key
        if successor := overrides["successor"].get(card["same_as"]):
            card["successor"] = successor


def _judge(cards: dict[str, Card], overrides: dict[str, Any]) -> None:
    """Strength of whatever can chat and lives. What one provider tells of a model holds for all who serve it."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, card in cards.items():
        groups[card["same_as"] or name].append(name)
    for key, names in groups.items():
        by_hand = overrides["strength"].get(key)
        strength = by_hand["value"] if by_hand else _strength(key, {name: cards[name] for name in names})
        for name in names:
            if cards[name].get("operation", "chat") == "chat" and cards[name]["status"] != "retired":
                cards[name]["strength"] = strength


def _strength(key: str, cards: dict[str, Card]) -> float:
    """By the median price of those who sell it, and by the name that tells most of its size."""
    paid = [card["price"] for card in cards.values() if any(card.get("price", ()))]
    price = Price(*(statistics.median(side or 0 for side in sides) for sides in zip(*paid, strict=True)))
    model = next((name for name in cards if _ACTIVE.search(name)), next(iter(cards)))
    reasoning = any(card.get("reasoning") for card in cards.values())
    return prior(key, price, reasoning=reasoning, model_id=model.partition(":")[2])


def render(cards: dict[str, Card], *, made: str) -> bytes:
    """The file: providers and models in the order of the source, one model a line."""
    groups: dict[str, dict[str, Card]] = defaultdict(dict)
    for name, card in cards.items():
        provider, _, model = name.partition(":")
        groups[provider][model] = card
    written = ",\n".join(_group(provider, models) for provider, models in groups.items())
    return f'{{\n "made": {_json(made)},\n "providers": {{\n{written}\n }}\n}}\n'.encode()


def _group(provider: str, models: dict[str, Card]) -> str:
    source = Counter(card.get("source", "") for card in models.values()).most_common(1)[0][0]
    lines = ",\n".join(f"   {_json(model)}: {_json(_line(model, card, source))}" for model, card in models.items())
    return f'  {_json(provider)}: {{"source": {_json(source)}, "models": {{\n{lines}\n  }}}}'


def _line(model: str, card: Card, source: str) -> Card:
    usual = {
        "operation": "chat",
        "status": "live",
        "takes": "text",
        "gives": " ".join(sorted(GIVES[Operation(card.get("operation", "chat"))])),
        "limits": {},
        "continues": "asked",
        "same_as": model,
        "note": "",
        "source": source,
    }
    full = {"source": "", **card}
    return {key: full[key] for key in _ORDER if full.get(key) is not None and full[key] != usual.get(key)}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


if __name__ == "__main__":
    main(sys.argv[1:])
