"""What is wrong with a setting, said so that a person can mend it: which file, which line, what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from wallascli.settings import text
from wallascli.settings.schema import TABLES
from wallascli.settings.values import Origin, Place, Source
from wallascli.vocab.failures import Misconfigured


@dataclass(frozen=True, slots=True)
class Desk:
    """Knows where each value came from, and so where to send a person."""

    file: Path
    text: str
    sources: Mapping[Place, Source]

    def wrong(self, place: Iterable[str | int], what: str, *, hint: str = "") -> Misconfigured:
        """The value at `place` is wrong."""
        path = tuple(place)
        dotted = ".".join(str(part) for part in path if isinstance(part, str))
        source = self._source(path)
        if source is None or source.origin is Origin.FILE:
            line = text.line_of(self.text, path)
            where = f"{self.file}, line {line}" if line else str(self.file)
            return Misconfigured(f"{where}: {dotted}: {what}", hint=hint)
        return Misconfigured(f"{source}: {what}", hint=hint)

    def refused(self, exc: ValidationError) -> Misconfigured:
        """The first thing that the schema refuses, and how many more there are."""
        first, *others = exc.errors(include_url=False, include_input=False, include_context=False)
        place = tuple(first["loc"])
        what = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        hint = f"{len(others)} more to mend after this one" if others else ""
        if first["type"] == "extra_forbidden":
            what = f"unknown key{did_you_mean(str(place[-1]), known_keys(place[:-1]))}"
        elif first["type"] == "missing":
            what = "is missing"
        return self.wrong(place, what, hint=hint)

    def _source(self, path: tuple[str | int, ...]) -> Source | None:
        place = tuple(str(part) for part in path)
        for length in range(len(place), 0, -1):
            if place[:length] in self.sources:
                return self.sources[place[:length]]
        return None


def known_keys(table: tuple[str | int, ...]) -> list[str]:
    """What may stand in the table at this place."""
    for pattern, schema in TABLES.items():
        if len(pattern) == len(table) and all(a in ("*", b) for a, b in zip(pattern, table, strict=True)):
            return list(schema.model_fields)
    return []


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: the nearest known words, or nothing."""
    from difflib import get_close_matches  # only where something is wrong

    near = get_close_matches(word, list(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
