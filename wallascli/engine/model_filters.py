"""Which models a caller wants to see, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from wallascli.vocab.failures import NotUnderstood
from wallascli.vocab.models import Modality

View: TypeAlias = dict[str, Any]
"""Plain JSON."""

_TRUE = frozenset({"1", "true", "yes", "on", ""})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Filters:
    """Which models, in which order. Empty strings filter nothing."""

    capability: str = ""
    provider: str = ""
    search: str = ""
    sort: str = "context"
    pricing: str = ""
    modality: str = ""
    include_dead: bool = False
    all: bool = False
    """Also models of providers that cannot be asked: without a key, switched off, retired."""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """From the query of a URL; unknown names are nobody's business. Raises ``NotUnderstood``."""

        def word(name: str) -> str:
            return query.get(name, "").strip().lower()

        return cls(
            capability=word("capability"),
            provider=word("provider"),
            search=word("search"),
            sort=_one_of("sort", word("sort") or "context", ORDERS),
            pricing=_one_of("pricing", word("pricing"), ("", "free", "paid")),
            modality=_one_of("modality", word("modality"), ("", *(kind.value for kind in Modality))),
            include_dead=_flag("include_dead", query.get("include_dead", "false")),
            all=_flag("all", query.get("all", "false")),
        )

    def let_through(self, entry: View) -> bool:
        metadata = entry["metadata"]
        tests = (
            self.include_dead or entry.get("alive") is not False,
            not self.provider or entry["owned_by"] == self.provider,
            self.search in entry["id"].lower(),
            not self.capability or self.capability in metadata["capability_tags"],
            not self.pricing or metadata.get("pricing_tier", self.pricing) == self.pricing,
            not self.modality or self.modality in metadata["input_modalities"] + metadata["output_modalities"],
        )
        return all(tests)

    def ordered(self, entries: list[View]) -> list[View]:
        key = ORDERS[self.sort]
        return sorted(entries, key=key) if key else entries


def _one_of(name: str, word: str, known: Collection[str]) -> str:
    if word not in known:
        names = ", ".join(name for name in known if name)
        raise NotUnderstood(f"{name} must be one of {names}, not {word!r}.", param=name, status=422)
    return word


def _flag(name: str, value: str) -> bool:
    if value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise NotUnderstood(f"{name} must be true or false, not {value!r}.", param=name, status=422)


def _key_context(entry: View) -> tuple[int, str]:
    return (-(entry["context_window"] or 0), entry["id"])


def _key_latency(entry: View) -> tuple[bool, float, str]:
    measured = entry["last_latency_ms"]
    return (measured is None, measured or 0.0, entry["id"])


ORDERS: dict[str, Callable[[View], Any] | None] = {
    "context": _key_context,
    "name": lambda entry: entry["alt_id"].lower(),
    "provider": lambda entry: (entry["owned_by"], entry["id"]),
    "latency": _key_latency,
    "none": None,
}
